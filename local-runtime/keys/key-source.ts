/**
 * Where the master key comes from: the environment, a passphrase that somebody types (or that comes through a file
 * descriptor), or else the file master.key. A key that is in no file is held in memory only.
 */
import { randomBytes, scryptSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import type { Options } from "../../src/config/options.ts";
import type { DataFolder } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import type { TerminalInput } from "../terminal-input.ts";
import { type KeyedFolder, MASTER_KEY_BYTES } from "./master-key.ts";
import type { KeySource } from "./next-key.ts";

/** 128 MB and some 0.5 s for each guess: what OWASP names for scrypt. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const SCRYPT_MEMORY_BYTES = 160 * 1024 * 1024;
const SALT_BYTES = 16;
export const MIN_PASSPHRASE_UNITS = 12;
const MAX_PASSPHRASE_UNITS = 1024;

const PassphraseSchema = v.strictObject({
  kdf: v.literal("scrypt"),
  n: v.literal(SCRYPT.N),
  r: v.literal(SCRYPT.r),
  p: v.literal(SCRYPT.p),
  salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
});

type KeyOptions = Pick<Options, "ROCKPOOL_MASTER_KEY" | "ROCKPOOL_PASSPHRASE_FD">;

export function decideKeySource(folder: DataFolder, options: KeyOptions): KeySource {
  if (options.ROCKPOOL_MASTER_KEY !== "") return "environment";
  return existsSync(folder.masterKeyPassphrase) ? "passphrase" : "file";
}

/** The folder with its key, where that is in no file. Throws key/*. */
export async function holdKey(
  folder: DataFolder,
  options: KeyOptions,
  input: TerminalInput,
): Promise<KeyedFolder> {
  const source = decideKeySource(folder, options);
  if (source === "environment")
    return { ...folder, source, heldKey: Buffer.from(options.ROCKPOOL_MASTER_KEY, "hex") };
  if (source === "file") return { ...folder, source };
  const made = readFileSync(folder.masterKeyPassphrase, "utf8");
  const passphrase = await readPassphrase(options, input);
  return { ...folder, source, heldKey: derivePassphraseKey(made, passphrase) };
}

async function readPassphrase(options: KeyOptions, input: TerminalInput): Promise<string> {
  const fd = options.ROCKPOOL_PASSPHRASE_FD;
  if (fd !== "") return firstLine(readFileSync(Number(fd), "utf8"));
  if (input.isTerminal) return input.askSecret("Passphrase of the master key");
  throw new HostError({
    code: "key/no_passphrase",
    message: "The master key is made of a passphrase, and there is no terminal to ask for it.",
    fix: "Run this in a terminal, or hand the passphrase over: ROCKPOOL_PASSPHRASE_FD=3 … 3< file",
    exitStatus: EXIT.config,
  });
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

export interface MadeOfPassphrase {
  key: Buffer;
  /** What `master.key.passphrase` holds: how the key is made, and nothing of it. */
  description: string;
}

/** A key of a new salt. Throws key/short_passphrase. */
export function makePassphraseKey(passphrase: string): MadeOfPassphrase {
  const units = passphrase.normalize("NFC").length;
  if (units < MIN_PASSPHRASE_UNITS || units > MAX_PASSPHRASE_UNITS)
    throw new HostError({
      code: "key/short_passphrase",
      message: `A passphrase has at least ${MIN_PASSPHRASE_UNITS} characters.`,
      fix: "Take five or more words that have nothing to do with each other.",
      exitStatus: EXIT.usage,
    });
  const salt = randomBytes(SALT_BYTES).toString("hex");
  const { N: n, r, p } = SCRYPT;
  const description = `${JSON.stringify({ kdf: "scrypt", n, r, p, salt })}\n`;
  return { key: derivePassphraseKey(description, passphrase), description };
}

function derivePassphraseKey(description: string, passphrase: string): Buffer {
  const { salt } = parseDescription(description);
  const options = { ...SCRYPT, maxmem: SCRYPT_MEMORY_BYTES };
  const normal = passphrase.normalize("NFC");
  return scryptSync(normal, Buffer.from(salt, "hex"), MASTER_KEY_BYTES, options);
}

function parseDescription(text: string): v.InferOutput<typeof PassphraseSchema> {
  try {
    return v.parse(PassphraseSchema, JSON.parse(text));
  } catch (cause) {
    throw new HostError({
      code: "key/passphrase_unreadable",
      message: "The file master.key.passphrase in the data folder cannot be read.",
      fix: "Put it back from a copy: without its salt the passphrase makes another key.",
      exitStatus: EXIT.config,
      cause,
    });
  }
}
