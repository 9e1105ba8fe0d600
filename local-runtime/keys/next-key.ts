/**
 * A master key that takes the place of another. `master.key.next` holds the new one wrapped by the present one, so that
 * nobody gains by it who has not that; it is written first and goes last. Whatever is cut off in between, one of the two
 * keys opens everything, and whoever has the present one has both.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DataFolder, explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";

/** AES key wrap, RFC 3394: what AES-KW is in the Worker. */
const WRAP = "id-aes256-wrap";
const WRAP_IV = Buffer.alloc(8, 0xa6);
const WRAPPED_BYTES = 40;

/** Where the master key can be. */
export const KEY_SOURCES = ["file", "environment", "passphrase"] as const;

export type KeySource = (typeof KEY_SOURCES)[number];

const NextKeySchema = v.strictObject({
  /** Fingerprint of the new key. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** Hexadecimal: the new key, wrapped by the present one. */
  wrapped: v.pipe(v.string(), v.regex(/^[0-9a-f]+$/), v.length(WRAPPED_BYTES * 2)),
  /** Where the new key is kept. */
  to: v.picklist(KEY_SOURCES),
  /** What `master.key.passphrase` will hold, for a key that is made of one. */
  passphrase: v.exactOptional(v.string()),
  /** Whether the present key's file is destroyed, or kept under another name. */
  destroyOld: v.boolean(),
});

export type NextKey = v.InferOutput<typeof NextKeySchema>;

export function wrapKey(key: Uint8Array, by: Uint8Array): string {
  const cipher = createCipheriv(WRAP, by, WRAP_IV);
  return Buffer.concat([cipher.update(key), cipher.final()]).toString("hex");
}

/** Undefined where another key has wrapped it. */
export function unwrapKey(wrapped: string, by: Uint8Array): Buffer | undefined {
  try {
    const decipher = createDecipheriv(WRAP, by, WRAP_IV);
    return Buffer.concat([decipher.update(Buffer.from(wrapped, "hex")), decipher.final()]);
  } catch {
    return undefined; // it fails its own check
  }
}

/** Throws key/next_unreadable. */
export function loadNextKey(folder: DataFolder): NextKey | undefined {
  if (!existsSync(folder.masterKeyNext)) return undefined;
  try {
    return v.parse(NextKeySchema, JSON.parse(readFileSync(folder.masterKeyNext, "utf8")));
  } catch (cause) {
    throw new HostError({
      code: "key/next_unreadable",
      message: `${folder.masterKeyNext} cannot be read.`,
      fix: "Remove it if no move to a new master key was under way; otherwise put the new key in place yourself.",
      exitStatus: EXIT.config,
      cause,
    });
  }
}

export function writeNextKey(folder: DataFolder, next: NextKey): void {
  explainFileErrors(folder.root, () =>
    writeFileAtomic(folder.masterKeyNext, `${JSON.stringify(next)}\n`),
  );
}
