/** What an OpenAI-compatible server says about itself and its models, kept for a short time. */
import type { InstalledModel } from "../../core/ports.ts";
import { TtlCache } from "../cache.ts";
import { missingModel } from "../failures.ts";
import { MAX_MODELS } from "../fields.ts";
import type { ListedModel, ShownModel } from "../protocol.ts";
import { requestJson, type ServerAddress } from "../request.ts";
import { type Flavour, type ModelFacts, UNKNOWN_MODEL } from "./flavour.ts";
import { hostedAt } from "./hosted.ts";
import { llamaCpp } from "./llama-cpp.ts";
import { lmStudio } from "./lm-studio.ts";
import { modelsSchema } from "./schema.ts";
import { vllm } from "./vllm.ts";

export const LOOKUP_TTL_MS = 30_000;

const FLAVOURS: readonly Flavour[] = [llamaCpp, vllm, lmStudio];
const CATALOGUE_KEY = "catalogue";

interface Catalogue {
  flavour: Flavour;
  version: string;
  models: ReadonlyMap<string, ModelFacts>;
}

export class OpenAiLookups {
  readonly #server: ServerAddress;
  readonly #kept: TtlCache<Catalogue>;
  /** Models that have just answered, whatever the catalogue said before. */
  readonly #answered: TtlCache<true>;

  constructor(server: ServerAddress, nowMs: () => number) {
    this.#server = server;
    this.#kept = new TtlCache({ ttlMs: LOOKUP_TTL_MS, maxEntries: 1, nowMs });
    this.#answered = new TtlCache({ ttlMs: LOOKUP_TTL_MS, maxEntries: MAX_MODELS, nowMs });
  }

  /** Throws model/*. */
  async catalogue(signal: AbortSignal): Promise<Catalogue> {
    return this.#kept.get(CATALOGUE_KEY) ?? (await this.askCatalogue(signal));
  }

  async askCatalogue(signal: AbortSignal): Promise<Catalogue> {
    const call = { path: "/v1/models" } as const;
    const { data } = await requestJson(this.#server, call, modelsSchema, signal);
    const flavour = FLAVOURS.find(({ claims }) => claims(data)) ?? hostedAt(this.#server.baseUrl);
    const { version, models } = await flavour.describe(this.#server, data, signal);
    const all = data.map(({ id }) => [id, models.get(id) ?? UNKNOWN_MODEL] as const);
    const catalogue = { flavour, version, models: new Map(all) };
    // An empty list is asked for again: the owner is about to load the first model.
    if (all.length > 0) this.#kept.set(CATALOGUE_KEY, catalogue);
    return catalogue;
  }

  async listed(signal: AbortSignal): Promise<ListedModel[]> {
    return renderListed(await this.catalogue(signal));
  }

  async askState(signal: AbortSignal): Promise<{ version: string; models: InstalledModel[] }> {
    const catalogue = await this.askCatalogue(signal);
    const models = renderListed(catalogue).map((model) => ({
      ...model,
      loaded: catalogue.models.get(model.name)?.loaded ?? false,
    }));
    return { version: catalogue.version, models };
  }

  /** Throws model/*; model/missing for a model that the server does not list. */
  async facts(model: string, signal: AbortSignal): Promise<ModelFacts> {
    const facts = (await this.catalogue(signal)).models.get(model);
    if (!facts) throw missingModel(model);
    return facts;
  }

  async show(model: string, signal: AbortSignal): Promise<ShownModel> {
    const { contextTokens, answers, tools, vision, thinks } = await this.facts(model, signal);
    return { contextTokens, answers, tools, vision, thinks, remote: false };
  }

  async isLoaded(model: string, signal: AbortSignal): Promise<boolean> {
    return this.#answered.get(model) ?? (await this.facts(model, signal)).loaded;
  }

  /** Of a chat that is about to be sent: its model was looked up a moment ago. */
  flavourOf(model: string): { flavour: Flavour; facts: ModelFacts } {
    const kept = this.#kept.get(CATALOGUE_KEY);
    return {
      flavour: kept?.flavour ?? hostedAt(this.#server.baseUrl),
      facts: kept?.models.get(model) ?? UNKNOWN_MODEL,
    };
  }

  noteAnswered(model: string): void {
    this.#answered.set(model, true);
  }

  noteFailed(model: string): void {
    this.#answered.delete(model);
    this.#kept.delete(CATALOGUE_KEY);
  }
}

function renderListed({ models }: Catalogue): ListedModel[] {
  return [...models].map(([name, facts]) => ({
    name,
    sizeBytes: facts.sizeBytes,
    ...(facts.parameters === undefined ? {} : { parameters: facts.parameters }),
    ...(facts.quantization === undefined ? {} : { quantization: facts.quantization }),
    capabilities: facts.answers
      ? ["completion", ...(facts.tools ? ["tools"] : []), ...(facts.vision ? ["vision"] : [])]
      : ["embedding"],
  }));
}
