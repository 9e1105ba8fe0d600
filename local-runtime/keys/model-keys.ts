/**
 * Keys of servers that ask for one: `<data>/model-keys/<server>`, and `<data>/transcribe-key`; one line each, readable by
 * their owner only. workerd embeds them into the Worker by itself, so that no config, no command line and no environment
 * holds them.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ModelServerSpec, modelKeyBinding, placeOf } from "../../src/config/model-servers.ts";
import type { Options } from "../../src/config/options.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

/** What an HTTP header can hold, and longer than any key. */
const KEY = /^[\x21-\x7e]{1,1000}$/;

interface KeyUser {
  /** As in "the key of …". */
  name: string;
  url: string;
  /** The option that holds its address. */
  option: keyof Options;
}

/** The file of each key, by the name of its binding. Throws model_key/*; no key is part of an error. */
export function findModelKeys(
  folder: DataFolder,
  servers: readonly ModelServerSpec[],
): Record<string, string> {
  return explainFileErrors(folder.root, () =>
    Object.fromEntries(
      servers.flatMap((server, index) => {
        const path = join(folder.modelKeys, server.name);
        const user = { name: `the model server "${server.name}"`, url: server.url };
        const hasKey = verifyKey(path, { ...user, option: "ROCKPOOL_MODEL_SERVERS" });
        return hasKey ? [[modelKeyBinding(index), path]] : [];
      }),
    ),
  );
}

/** The same for the transcription server. */
export function findTranscribeKey(
  folder: DataFolder,
  { ROCKPOOL_TRANSCRIBE_URL: url }: Pick<Options, "ROCKPOOL_TRANSCRIBE_URL">,
): Record<string, string> {
  if (url === "") return {};
  const path = folder.transcribeKey;
  const user = {
    name: "the transcription server",
    url,
    option: "ROCKPOOL_TRANSCRIBE_URL",
  } as const;
  return explainFileErrors(folder.root, () =>
    verifyKey(path, user) ? { TRANSCRIBE_KEY: path } : {},
  );
}

/** False where there is none. */
function verifyKey(path: string, { name, url, option }: KeyUser): boolean {
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
      fix: `Write the key of ${name} into it as its only line, or remove it.`,
      exitStatus: EXIT.config,
    });
  if (url.startsWith("http:") && placeOf(url) === "public")
    throw new HostError({
      code: "model_key/in_the_clear",
      message: `The key of ${name} would be sent without encryption.`,
      fix: `Give the server an https address in ${option}, or remove ${path}.`,
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
