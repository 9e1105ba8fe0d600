/** Runs the bytes of an export through the verifier. */
import { type AuditCheckpoint, renderCheckpoint } from "../../src/core/audit-record.ts";
import { systemCode } from "../host-error.ts";
import { type LogReport, LogVerifier, type Trusted } from "./log-verifier.ts";
import { MAX_AUDIT_LINE_UNITS, parseLine } from "./parse-line.ts";
import { CheckpointSchema } from "./record-schema.ts";

export async function verifyStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  trusted: Trusted = {},
): Promise<LogReport> {
  const verifier = new LogVerifier(trusted);
  // A byte order mark and bytes that are no UTF-8 are changes, too.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  let rest = "";
  try {
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) verifier.read(line);
      // A line without an end is no line: what is beyond the bound is not kept.
      if (rest.length > MAX_AUDIT_LINE_UNITS) rest = rest.slice(0, MAX_AUDIT_LINE_UNITS + 1);
    }
    rest += decoder.decode();
  } catch (error) {
    if (!isEncodingError(error)) throw error;
    verifier.refuse("The export holds bytes that are no text.");
  }
  if (rest !== "") verifier.read(rest);
  return verifier.finish(rest === "");
}

function isEncodingError(error: unknown): boolean {
  return systemCode(error) === "ERR_ENCODING_INVALID_ENCODED_DATA";
}

/** The text of a checkpoint, as `audit checkpoint` writes it and the owner is sent it; undefined for another. */
export function parseCheckpoint(text: string): AuditCheckpoint | undefined {
  return parseLine(text.trim(), CheckpointSchema, renderCheckpoint);
}
