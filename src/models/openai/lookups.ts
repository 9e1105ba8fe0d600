/** What an OpenAI-compatible server says about itself and its models, kept for a short time. */

import { TtlCache } from "../../cache/ttl-cache.ts";
import type { InstalledModel } from "../../core/ports.ts";
import { missingModel } from "../failures.ts";
import { MAX_MODELS } from "../fields.ts";
import type { ListedModel, ShownModel } from "../protocol.ts";
import { requestJson, type ServerAddress } from "../request.ts";
import type { ServerOptions } from "../server-model.ts";
import { type Flavour, type ModelFacts, type ServerFacts, UNKNOWN_MODEL } from "./flavour.ts";
import { hostedAt } from "./hosted.ts";
import { llamaCpp } from "./llama-cpp.ts";
import { lmStudio } from "./lm-studio.ts";
import { modelsSchema, type OpenAiModel } from "./schema.ts";
import { vllm } from "./vllm.ts";

export const LOOKUP_TTL_MS = 30_000;

const FLAVOURS: readonly Flavour[] = [llamaCpp, vllm, lmStudio];
const CACHE = "models";
const CATALOGUE_KEY = "catalogue";

type LookupOptions = ServerAddress & Pick<ServerOptions, "cache" | "nowMs">;

/** Plain data: what isolates share. */
interface Described extends ServerFacts {
  data: OpenAiModel[];
}

interface Catalogue {
  flavour: Flavour;
  version: string;
  models: ReadonlyMap<string, ModelFacts>;
}

export class OpenAiLookups {
  readonly #server: LookupOptions;
  readonly #kept: TtlCache<Catalogue>;
  /** Models that have just answered, whatever the catalogue said before. */
  readonly #answered: TtlCache<true>;
  /** Part of the key of what is cached: after a failure it is asked for anew. */
  #failures = 0;

  constructor(server: LookupOptions) {
    const options = { name: CACHE, ttlMs: LOOKUP_TTL_MS, nowMs: server.nowMs };
    this.#server = server;
    this.#kept = new TtlCache({ ...options, maxEntries: 1 });
    this.#answered = new TtlCache({ ...options, maxEntries: MAX_MODELS });
  }

  /** Throws model/*. */
  async catalogue(signal: AbortSignal): Promise<Catalogue> {
    const kept = this.#kept.get(CATALOGUE_KEY);
    if (kept) return kept;
    const { baseUrl, cache } = this.#server;
    const key = `${baseUrl}|${this.#failures}|${CATALOGUE_KEY}`;
    // Many conversations that wake at once ask once. An empty list is asked for again: the owner is about to load the first model.
    const described = await cache.read(CACHE, key, signal, async () => {
      const value = await this.#describe(signal);
      return { value, ttlMs: value.data.length > 0 ? LOOKUP_TTL_MS : 0 };
    });
    return this.#keep(described);
  }

  async askCatalogue(signal: AbortSignal): Promise<Catalogue> {
    return this.#keep(await this.#describe(signal));
  }

  async #describe(signal: AbortSignal): Promise<Described> {
    const call = { path: "/v1/models" } as const;
    const { data } = await requestJson(this.#server, call, modelsSchema, signal);
    const { version, models } = await this.#flavourOf(data).describe(this.#server, data, signal);
    return { data, version, models };
  }

  #flavourOf(data: readonly OpenAiModel[]): Flavour {
    return FLAVOURS.find(({ claims }) => claims(data)) ?? hostedAt(this.#server.baseUrl);
  }

  #keep({ data, version, models }: Described): Catalogue {
    const all = data.map(({ id }) => [id, models.get(id) ?? UNKNOWN_MODEL] as const);
    const catalogue = { flavour: this.#flavourOf(data), version, models: new Map(all) };
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
    this.#failures += 1;
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
