/**
 * The recovery key opens every backup of a store. It is an age identity (X25519), shown once and kept away from the box.
 * The box keeps what follows from it and does not lead back: the recipient that backups are encrypted to, the key that
 * seals their headers, and the key that names their chunks. So a box can write backups and cannot read the old ones.
 */
import { createHmac, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

const KEY_BYTES = 32;
const IDENTITY = /AGE-SECRET-KEY-1[0-9A-Z]{50,100}/;

const hexKey = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const BoxKeysSchema = v.strictObject({
  /** Fingerprint of the recovery key. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** `age1…`; public by nature, and kept private all the same. */
  recipient: v.pipe(v.string(), v.regex(/^age1[0-9a-z]{50,100}$/)),
  sealKey: hexKey,
  chunkKey: hexKey,
});

/** What the box needs to write backups. */
export type BoxKeys = v.InferOutput<typeof BoxKeysSchema>;

export interface RecoveryKey {
  /** `AGE-SECRET-KEY-1…`, as the `age` program takes it too. */
  identity: string;
  box: BoxKeys;
}

export async function makeRecoveryKey(): Promise<RecoveryKey> {
  return await deriveKeys(await generateX25519Identity());
}

/** Finds the key in what somebody typed or kept in a file. Throws recovery/no_key. */
export async function parseRecoveryKey(text: string): Promise<RecoveryKey> {
  const identity = IDENTITY.exec(text.toUpperCase())?.[0];
  try {
    if (identity !== undefined) return await deriveKeys(identity);
  } catch {
    // its checksum does not fit: said below
  }
  throw new HostError({
    code: "recovery/no_key",
    message: "That holds no recovery key, or a mistyped one.",
    fix: "It begins with AGE-SECRET-KEY-1; `npx rockpool backup key` showed it once.",
    exitStatus: EXIT.usage,
  });
}

async function deriveKeys(identity: string): Promise<RecoveryKey> {
  const recipient = await identityToRecipient(identity);
  const derive = (use: string) =>
    Buffer.from(hkdfSync("sha256", identity, "", `rockpool ${use}`, KEY_BYTES)).toString("hex");
  const sealKey = derive("backup header");
  const id = createHmac("sha256", sealKey).update("rockpool recovery key id").digest("hex");
  return {
    identity,
    box: { id: id.slice(0, 16), recipient, sealKey, chunkKey: derive("backup chunks") },
  };
}

/** Undefined where no recovery key was made yet. Throws recovery/unreadable. */
export function loadBoxKeys(folder: DataFolder): BoxKeys | undefined {
  try {
    return v.parse(BoxKeysSchema, JSON.parse(readFileSync(folder.recovery, "utf8")));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new HostError({
      code: "recovery/unreadable",
      message: `${folder.recovery} cannot be understood.`,
      fix: "Give the recovery key again: `npx rockpool backup key --set <file>`.",
      exitStatus: EXIT.config,
      cause: error,
    });
  }
}

export function renderBoxKeys(keys: BoxKeys): string {
  return `${JSON.stringify(keys, undefined, 2)}\n`;
}

export function writeBoxKeys(folder: DataFolder, keys: BoxKeys): void {
  explainFileErrors(folder.root, () => writeFileAtomic(folder.recovery, renderBoxKeys(keys)));
}
