/** The owner's own patterns of what is masked: `<data>/redact-patterns.txt`, handed to the Worker as text. */
import { readFileSync } from "node:fs";
import type { OwnPattern } from "../src/redaction/own-patterns.ts";
import { type DataFolder, explainFileErrors } from "./data-folder.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";

const BINDING = "REDACT_PATTERNS";
const MAX_FILE_UNITS = 64 * 1024;

/** The file by the name of its binding; nothing where there is none. Throws redact/malformed. */
export async function findRedactPatterns(folder: DataFolder): Promise<Record<string, string>> {
  const text = readPatterns(folder);
  if (text === undefined) return {};
  await parse(text, folder.redactPatterns);
  return { [BINDING]: folder.redactPatterns };
}

/** None where there is no file. Throws redact/malformed. */
export async function loadRedactPatterns(folder: DataFolder): Promise<OwnPattern[]> {
  const text = readPatterns(folder);
  return text === undefined ? [] : parse(text, folder.redactPatterns);
}

function readPatterns(folder: DataFolder): string | undefined {
  return explainFileErrors(folder.root, () => {
    try {
      return readFileSync(folder.redactPatterns, "utf8");
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

async function parse(text: string, path: string): Promise<OwnPattern[]> {
  // Loaded for those who use it: the matcher takes memory that a supervisor keeps for years.
  const { parseOwnPatterns } = await import("../src/redaction/own-patterns.ts");
  try {
    if (text.length > MAX_FILE_UNITS)
      throw new Error(`at most ${MAX_FILE_UNITS} characters are expected`);
    return parseOwnPatterns(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new HostError({
      code: "redact/malformed",
      message: `The file ${path} cannot be read: ${why}.`,
      fix: "Write one pattern on each line, as in: employee = EMP-\\d{4,6}. Or remove the file.",
      exitStatus: EXIT.config,
    });
  }
}
