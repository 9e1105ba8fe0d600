/** Takes secrets and private data out of words that other programs wrote: error messages, mostly. */
import { REDACTION_KINDS } from "../core/redaction.ts";
import type { OwnPattern } from "../redaction/own-patterns.ts";
import { createRedactor } from "../redaction/redactor.ts";

const MAX_CHARS = 400;
/** What is looked at of a longer text. */
const MAX_READ_CHARS = 4_000;
const ADDRESS = /https?:\/\/[^\s"'<>]{1,2000}/g;

let redactor = createRedactor(REDACTION_KINDS, []);

/** From now on the owner's own patterns are masked as well, in all of this isolate. */
export function setOwnPatterns(patterns: readonly OwnPattern[]): void {
  redactor = createRedactor(REDACTION_KINDS, patterns);
}

/** Everything private masked, addresses included; nothing is cut. */
export function maskPrivate(text: string): string {
  return redactor.mask(text.replace(ADDRESS, "[url]"));
}

/** The name of a session: its last parts are a platform's, or of a caller's choice, and may be a person's number or address. */
export function maskSession(session: string): string {
  return session
    .split(":")
    .map((part) => {
      const name = decodeName(part);
      const masked = maskPrivate(name);
      return masked === name ? part : masked;
    })
    .join(":");
}

function decodeName(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function redactText(text: string): string {
  const read = text.length > MAX_READ_CHARS ? cutAtWord(text) : text;
  const redacted = maskPrivate(read);
  return redacted.length > MAX_CHARS ? `${redacted.slice(0, MAX_CHARS)}…` : redacted;
}

/** The last word may be half a secret, which no pattern knows. */
function cutAtWord(text: string): string {
  const end = text.lastIndexOf(" ", MAX_READ_CHARS);
  return end > 0 ? text.slice(0, end) : "[one long word]";
}

/** The words of an error and of its causes, redacted; for the log only. */
export function describeError(error: unknown): string {
  const words: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 4 && current instanceof Error; depth += 1) {
    words.push(`${current.name}: ${current.message}`);
    current = current.cause;
  }
  return redactText(words.length > 0 ? words.join(" ← ") : String(error));
}
