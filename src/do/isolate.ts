/**
 * What all objects and routes of one isolate share: the keyring, the router of model servers and the log level. Values only: no
 * promise and no stream of one request is handed to another.
 */
import { loadOptions } from "../config/load.ts";
import type { Options } from "../config/options.ts";
import type { Env } from "../env.ts";
import type { Router } from "../models/router/router.ts";
import { setLogLevel } from "../observability/logger.ts";
import { openMasterKey } from "../security/key-tree.ts";
import { Keyring } from "../security/keyring.ts";
import { openRouter } from "./open-router.ts";
import { createRedactors, type Redactors } from "./redactors.ts";
import { createKeyStore } from "./vault/vault-client.ts";

interface Shared {
  options: Options;
  keyring: Keyring | undefined;
  masters: CryptoKey[] | undefined;
  model: Router;
  redactors: Redactors;
}

let shared: Shared | undefined;

function openShared(env: Env): Shared {
  if (shared) return shared;
  // Bindings hold more than text; the table reads its own names only.
  const loaded = loadOptions(env as unknown as Record<string, string | undefined>);
  if (!loaded.ok)
    throw new Error(`Bad options: ${loaded.problems.map((problem) => problem.name).join(", ")}`);
  setLogLevel(loaded.options.ROCKPOOL_LOG);
  const { options } = loaded;
  const redactors = createRedactors(env, options);
  const model = openRouter(env, options, redactors.remote);
  shared = { options, keyring: undefined, masters: undefined, model, redactors };
  return shared;
}

export function openOptions(env: Env): Options {
  return openShared(env).options;
}

export function openModel(env: Env): Router {
  return openShared(env).model;
}

export function openRedactors(env: Env): Redactors {
  return openShared(env).redactors;
}

/** The master keys that may have wrapped the data keys, the likelier one first: two while one takes the other's place. */
export async function openMasters(env: Env): Promise<CryptoKey[]> {
  const isolate = openShared(env);
  if (isolate.masters) return isolate.masters;
  const bindings = [env.MASTER_KEY, ...(env.MASTER_KEY_NEXT ? [env.MASTER_KEY_NEXT] : [])];
  const masters = await Promise.all(bindings.map(openMasterKey));
  isolate.masters ??= masters;
  return isolate.masters;
}

export async function openKeyring(env: Env): Promise<Keyring> {
  const isolate = openShared(env);
  const masters = await openMasters(env);
  isolate.keyring ??= new Keyring(masters, createKeyStore(env), () => Date.now());
  return isolate.keyring;
}
