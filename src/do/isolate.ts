/**
 * What all objects and routes of one isolate share: the keyring, the model client and the log level. Values only: no
 * promise and no stream of one request is handed to another.
 */
import { loadOptions } from "../config/load.ts";
import type { Options } from "../config/options.ts";
import type { Model } from "../core/ports.ts";
import { createKeyStore } from "../db/data-keys.ts";
import type { Env } from "../env.ts";
import { createGatedModel } from "../gate/gated-model.ts";
import { createOllama } from "../models/ollama/ollama.ts";
import { setLogLevel } from "../observability/logger.ts";
import { Keyring, openMasterKey } from "../security/keyring.ts";
import { openGate } from "./gate-client.ts";

interface Shared {
  options: Options;
  keyring: Keyring | undefined;
  model: Model;
}

let shared: Shared | undefined;

function createModel(env: Env, options: Options): Model {
  const service = env.MODEL;
  const server = createOllama({
    fetch: service ? (input, init) => service.fetch(new Request(input, init)) : fetch,
    baseUrl: options.ROCKPOOL_MODEL_URL,
    model: options.ROCKPOOL_MODEL,
    contextTokens: options.ROCKPOOL_CONTEXT_TOKENS,
    memoryBytes: Number(env.ROCKPOOL_MEMORY_BYTES ?? 0),
    nowMs: () => Date.now(),
  });
  return createGatedModel(server, {
    openGate: () => openGate(env, options.ROCKPOOL_MODEL_URL),
    slots: options.ROCKPOOL_MODEL_SLOTS,
    nowMs: () => Date.now(),
  });
}

function openShared(env: Env): Shared {
  if (shared) return shared;
  // Bindings hold more than text; the table reads its own names only.
  const loaded = loadOptions(env as unknown as Record<string, string | undefined>);
  if (!loaded.ok)
    throw new Error(`Bad options: ${loaded.problems.map((problem) => problem.name).join(", ")}`);
  setLogLevel(loaded.options.ROCKPOOL_LOG);
  shared = { options: loaded.options, keyring: undefined, model: createModel(env, loaded.options) };
  return shared;
}

export function openOptions(env: Env): Options {
  return openShared(env).options;
}

export function openModel(env: Env): Model {
  return openShared(env).model;
}

export async function openKeyring(env: Env): Promise<Keyring> {
  const isolate = openShared(env);
  isolate.keyring ??= new Keyring(await openMasterKey(env.MASTER_KEY), createKeyStore(env.DB), () =>
    Date.now(),
  );
  return isolate.keyring;
}
