/**
 * Keys of model servers that ask for one: `<data>/model-keys/<server>`, one line each, readable by their owner only. They
 * reach the Worker through workerd's environment, so that no config and no command line holds them.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ModelServerSpec, modelKeyBinding, placeOf } from "../src/config/model-servers.ts";
import { type DataFolder, explainFileErrors } from "./data-folder.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";

/** What an HTTP header can hold, and longer than any key. */
const KEY = /^[\x21-\x7e]{1,1000}$/;

/** By the name of the binding that holds it. Throws model_key/*; no key is part of an error. */
export function loadModelKeys(
  folder: DataFolder,
  servers: readonly ModelServerSpec[],
): Record<string, string> {
  return explainFileErrors(folder.root, () =>
    Object.fromEntries(
      servers.flatMap((server, index) => {
        const key = readKey(join(folder.modelKeys, server.name), server);
        return key === undefined ? [] : [[modelKeyBinding(index), key]];
      }),
    ),
  );
}

function readKey(path: string, { name, url }: ModelServerSpec): string | undefined {
  let key: string;
  try {
    verifyPrivate(path);
    key = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
  if (!KEY.test(key))
    throw new HostError({
      code: "model_key/malformed",
      message: `The file ${path} does not hold a key.`,
      fix: "Write the key of the model server into it as its only line, or remove it.",
      exitStatus: EXIT.config,
    });
  if (url.startsWith("http:") && placeOf(url) === "public")
    throw new HostError({
      code: "model_key/in_the_clear",
      message: `The key of the model server "${name}" would be sent without encryption.`,
      fix: `Give the server an https address in ROCKPOOL_MODEL_SERVERS, or remove ${path}.`,
      exitStatus: EXIT.config,
    });
  return key;
}

function verifyPrivate(path: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  throw new HostError({
    code: "model_key/exposed",
    message: `The file ${path} can be read by other users of this machine.`,
    fix: `Take that away: chmod 600 ${path}. Where others may have read the key, get a new one.`,
    exitStatus: EXIT.config,
  });
}
