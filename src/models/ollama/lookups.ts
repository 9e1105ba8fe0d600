/**
 * What the model server says about its models: which are installed, what one can do, which is loaded. Kept for a short
 * time, so that a chat on a warm server is one request and no more.
 */
import type { InstalledModel } from "../../core/ports.ts";
import { TtlCache } from "../cache.ts";
import { isRemoteName } from "../choose.ts";
import { type ModelServer, requestJson } from "../request.ts";
import { MAX_MODELS, psSchema, showSchema, tagsSchema } from "./schema.ts";

export const LOOKUP_TTL_MS = 30_000;

/** Without what changes by itself. */
type ListedModel = Omit<InstalledModel, "loaded">;

/** What a server's own words say of a model. */
export interface ShownModel {
  /** The longest context the model was made for, where the server knows it. */
  contextTokens: number | undefined;
  /** False only where the server says that it cannot. */
  answers: boolean;
  thinks: boolean;
  tools: boolean;
  vision: boolean;
  remote: boolean;
}

const INSTALLED_KEY = "installed";

/** The name as the server lists it: one without a tag means `:latest`. */
export function fullName(model: string): string {
  return model.includes(":") ? model : `${model}:latest`;
}

function parseContextLength(modelInfo: Record<string, unknown>): number | undefined {
  const entry = Object.entries(modelInfo).find(([key]) => key.endsWith(".context_length"));
  const value = entry?.[1];
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

export class ModelLookups {
  readonly #server: ModelServer;
  readonly #installed: TtlCache<ListedModel[]>;
  readonly #shown: TtlCache<ShownModel>;
  /** Of each loaded model the context it runs with; 0 where the server does not say. */
  readonly #loaded: TtlCache<number>;

  constructor(server: ModelServer, nowMs: () => number) {
    const options = { ttlMs: LOOKUP_TTL_MS, maxEntries: MAX_MODELS, nowMs };
    this.#server = server;
    this.#installed = new TtlCache(options);
    this.#shown = new TtlCache(options);
    this.#loaded = new TtlCache(options);
  }

  /** Local models only. Throws model/*. */
  async installed(signal: AbortSignal): Promise<ListedModel[]> {
    return this.#installed.get(INSTALLED_KEY) ?? (await this.askInstalled(signal));
  }

  async askInstalled(signal: AbortSignal): Promise<ListedModel[]> {
    const { models } = await requestJson(this.#server, { path: "/api/tags" }, tagsSchema, signal);
    const local = models.filter(
      (model) => !isRemoteName(model.name) && !model.remote_host && !model.remote_model,
    );
    const listed = local.map(({ name, size, details, capabilities }) => ({
      name,
      sizeBytes: size,
      ...(details.parameter_size ? { parameters: details.parameter_size } : {}),
      ...(details.quantization_level ? { quantization: details.quantization_level } : {}),
      capabilities,
    }));
    // An empty list is asked for again: the owner is about to install the first model.
    if (listed.length > 0) this.#installed.set(INSTALLED_KEY, listed);
    return listed;
  }

  /** Throws model/*. */
  async show(model: string, signal: AbortSignal): Promise<ShownModel> {
    const kept = this.#shown.get(model);
    if (kept) return kept;
    const call = { path: "/api/show", body: { model }, model } as const;
    const shown = await requestJson(this.#server, call, showSchema, signal);
    const { capabilities } = shown;
    const profile: ShownModel = {
      contextTokens: parseContextLength(shown.model_info),
      answers: capabilities.length === 0 || capabilities.includes("completion"),
      thinks: capabilities.includes("thinking"),
      tools: capabilities.includes("tools"),
      vision: capabilities.includes("vision"),
      remote: shown.remote_host !== "" || shown.remote_model !== "",
    };
    this.#shown.set(model, profile);
    return profile;
  }

  /**
   * True where the model is loaded with this context: with another one the server loads it again. Undefined where the
   * server does not say.
   */
  async isLoaded(
    model: string,
    contextTokens: number,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    const kept = this.#loaded.get(fullName(model));
    if (kept !== undefined) return kept === 0 || kept === contextTokens;
    const loaded = await this.askLoaded(signal);
    if (!loaded) return undefined;
    const inForce = loaded.get(fullName(model));
    return inForce === 0 || inForce === contextTokens;
  }

  /**
   * Loaded models and the context of each, 0 where the server does not say. Undefined where it does not answer this:
   * some that are like Ollama do not, and a chat can do without.
   */
  async askLoaded(signal: AbortSignal): Promise<ReadonlyMap<string, number> | undefined> {
    try {
      const { models } = await requestJson(this.#server, { path: "/api/ps" }, psSchema, signal);
      const loaded = new Map(
        models.map(({ name, context_length }) => [fullName(name), context_length ?? 0]),
      );
      for (const [name, contextTokens] of loaded) this.#loaded.set(name, contextTokens);
      return loaded;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** An answer proves that the model is loaded. */
  noteAnswered(model: string, contextTokens: number): void {
    this.#loaded.set(fullName(model), contextTokens);
  }

  /** After a failure nothing that was known about the model is relied on. */
  noteFailed(model: string): void {
    this.#loaded.delete(fullName(model));
    this.#shown.delete(model);
    this.#installed.delete(INSTALLED_KEY);
  }
}
