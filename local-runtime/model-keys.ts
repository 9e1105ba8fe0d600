/**
 * Keys of model servers that ask for one: `<data>/model-keys/<server>`, one line each, readable by their owner only. workerd
 * embeds them into the Worker by itself, so that no config, no command line and no environment holds them.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ModelServerSpec, modelKeyBinding, placeOf } from "../src/config/model-servers.ts";
import { type DataFolder, explainFileErrors } from "./data-folder.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";

/** What an HTTP header can hold, and longer than any key. */
const KEY = /^[\x21-\x7e]{1,1000}$/;

/** The file of each key, by the name of its binding. Throws model_key/*; no key is part of an error. */
export function findModelKeys(
  folder: DataFolder,
  servers: readonly ModelServerSpec[],
): Record<string, string> {
  return explainFileErrors(folder.root, () =>
    Object.fromEntries(
      servers.flatMap((server, index) => {
        const path = join(folder.modelKeys, server.name);
        return verifyKey(path, server) ? [[modelKeyBinding(index), path]] : [];
      }),
    ),
  );
}

/** False where there is none. */
function verifyKey(path: string, { name, url }: ModelServerSpec): boolean {
  let key: string;
  try {
    verifyPrivate(path);
    key = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return false;
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
  return true;
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
