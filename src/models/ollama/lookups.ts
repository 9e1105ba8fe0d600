/**
 * What an Ollama says about its models: which are installed, what one can do, which is loaded. Kept for a short time, so
 * that a chat on a warm server is one request and no more.
 */

import type { LookedUp } from "../../cache/process-cache.ts";
import { TtlCache } from "../../cache/ttl-cache.ts";
import type { InstalledModel } from "../../core/ports.ts";
import { isRemoteName } from "../choose.ts";
import { MAX_MODELS } from "../fields.ts";
import type { ListedModel, ShownModel } from "../protocol.ts";
import { requestJson, type ServerAddress } from "../request.ts";
import type { ServerOptions } from "../server-model.ts";
import { psSchema, showSchema, tagsSchema, versionSchema } from "./schema.ts";

export const LOOKUP_TTL_MS = 30_000;

/** Which models are loaded changes by itself; asking for it once a second is enough for all. */
const LOADED_TTL_MS = 1_000;
const CACHE = "models";
const INSTALLED_KEY = "installed";

export type LookupOptions = ServerAddress & Pick<ServerOptions, "cache" | "nowMs">;

/** The name as the server lists it: one without a tag means `:latest`. */
function fullName(model: string): string {
  return model.includes(":") ? model : `${model}:latest`;
}

function parseContextLength(modelInfo: Record<string, unknown>): number | undefined {
  const entry = Object.entries(modelInfo).find(([key]) => key.endsWith(".context_length"));
  const value = entry?.[1];
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

export class OllamaLookups {
  readonly #server: LookupOptions;
  readonly #installed: TtlCache<ListedModel[]>;
  readonly #shown: TtlCache<ShownModel>;
  /** Of each loaded model the context it runs with; 0 where the server does not say. */
  readonly #loaded: TtlCache<number>;
  /** Part of the keys of what is cached: after a failure it is asked for anew. */
  #failures = 0;

  constructor(server: LookupOptions) {
    const { nowMs } = server;
    const options = { name: CACHE, ttlMs: LOOKUP_TTL_MS, maxEntries: MAX_MODELS, nowMs };
    this.#server = server;
    this.#installed = new TtlCache(options);
    this.#shown = new TtlCache(options);
    this.#loaded = new TtlCache(options);
  }

  /** Local models only. Throws model/*. */
  async listed(signal: AbortSignal): Promise<ListedModel[]> {
    const kept = this.#installed.get(INSTALLED_KEY);
    if (kept) return kept;
    // An empty list is asked for again: the owner is about to install the first model.
    const listed = await this.#share(INSTALLED_KEY, signal, async () => {
      const value = await this.askInstalled(signal);
      return { value, ttlMs: value.length > 0 ? LOOKUP_TTL_MS : 0 };
    });
    if (listed.length > 0) this.#installed.set(INSTALLED_KEY, listed);
    return listed;
  }

  /** Many conversations that wake at once ask once. */
  #share<Value>(
    what: string,
    signal: AbortSignal,
    load: () => Promise<LookedUp<Value>>,
  ): Promise<Value> {
    const key = `${this.#server.baseUrl}|${this.#failures}|${what}`;
    return this.#server.cache.read(CACHE, key, signal, load);
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
    if (listed.length > 0) this.#installed.set(INSTALLED_KEY, listed);
    return listed;
  }

  async askState(signal: AbortSignal): Promise<{ version: string; models: InstalledModel[] }> {
    const [{ version }, installed, loaded] = await Promise.all([
      requestJson(this.#server, { path: "/api/version" }, versionSchema, signal),
      this.askInstalled(signal),
      this.askLoaded(signal),
    ]);
    const models = installed.map((model) => ({
      ...model,
      loaded: loaded?.has(fullName(model.name)) ?? false,
    }));
    return { version, models };
  }

  /** Throws model/*. */
  async show(model: string, signal: AbortSignal): Promise<ShownModel> {
    const kept = this.#shown.get(model);
    if (kept) return kept;
    const shown = await this.#share(`show|${model}`, signal, async () => ({
      value: await this.#askShown(model, signal),
      ttlMs: LOOKUP_TTL_MS,
    }));
    this.#shown.set(model, shown);
    return shown;
  }

  async #askShown(model: string, signal: AbortSignal): Promise<ShownModel> {
    const call = { path: "/api/show", body: { model }, model } as const;
    const shown = await requestJson(this.#server, call, showSchema, signal);
    const { capabilities } = shown;
    return {
      contextTokens: parseContextLength(shown.model_info),
      answers: capabilities.length === 0 || capabilities.includes("completion"),
      thinks: capabilities.includes("thinking"),
      tools: capabilities.includes("tools"),
      vision: capabilities.includes("vision"),
      remote: shown.remote_host !== "" || shown.remote_model !== "",
    };
  }

  /** As {@link ServerProtocol.isLoaded} says. */
  async isLoaded(
    model: string,
    contextTokens: number,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    const kept = this.#loaded.get(fullName(model));
    if (kept !== undefined) return kept === 0 || kept === contextTokens;
    const loaded = await this.#share("loaded", signal, async () => ({
      value: await this.askLoaded(signal),
      ttlMs: LOADED_TTL_MS,
    }));
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

  noteAnswered(model: string, contextTokens: number): void {
    this.#loaded.set(fullName(model), contextTokens);
  }

  noteFailed(model: string): void {
    this.#failures += 1;
    this.#loaded.delete(fullName(model));
    this.#shown.delete(model);
    this.#installed.delete(INSTALLED_KEY);
  }
}
