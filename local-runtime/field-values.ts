/**
 * The values of a channel's fields, from where the person keeps them: the word itself, `@file`, `-` for standard input,
 * or a question on the terminal. So no secret has to stand on the command line, where other users can read it.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { Field } from "../src/adapters/adapter.ts";
import { HostError, systemCode, usageError } from "./host-error.ts";
import { argumentPath, type Shell } from "./shell.ts";
import type { TerminalInput } from "./terminal-input.ts";

export const MAX_VALUE_BYTES = 64 * 1024;

/** Field name → value. Throws usage errors that name the field and never repeat a value. */
export async function readFieldValues(
  fields: readonly Field[],
  given: Readonly<Record<string, string | undefined>>,
  shell: Shell,
  input: TerminalInput,
): Promise<Record<string, string>> {
  if (Object.values(given).filter((word) => word === "-").length > 1)
    throw usageError("Standard input (-) can give one value only.", "Use @file for the others.");
  const values: Record<string, string> = {};
  for (const field of fields) {
    const value = await readValue(field, given[field.name], shell, input);
    if (value === undefined) continue;
    const problem = value === "" ? "It is empty." : field.check?.(value);
    if (problem) throw usageError(`--${field.name} is wrong. ${problem}`, field.doc);
    values[field.name] = value;
  }
  return values;
}

async function readValue(
  field: Field,
  word: string | undefined,
  shell: Shell,
  input: TerminalInput,
): Promise<string | undefined> {
  if (word === "-") return (await input.readAll()).trim();
  if (word?.startsWith("@")) return readValueFile(field, argumentPath(shell, word.slice(1)));
  if (word !== undefined) return word.trim();
  if (!field.required || field.generate) return undefined;
  if (input.isTerminal) return (await input.askSecret(field.doc.replace(/\.$/, ""))).trim();
  throw usageError(
    `--${field.name} is missing.`,
    `Give it as --${field.name} @file or --${field.name} - (standard input).`,
  );
}

function readValueFile(field: Field, path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(MAX_VALUE_BYTES + 1);
      const sizeBytes = readSync(file, bytes);
      if (sizeBytes > MAX_VALUE_BYTES)
        throw usageError(`The file of --${field.name} is too large.`, "Give the value alone.");
      return bytes.toString("utf8", 0, sizeBytes).trim();
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw usageError(
      `The file of --${field.name} cannot be read (${systemCode(error) ?? "unknown reason"}).`,
      `Check the path: ${path}`,
    );
  }
}
