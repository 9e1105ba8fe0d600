/** Takes secrets out of words that other programs wrote: error messages, mostly. Linear-time patterns only. */

const MAX_CHARS = 400;
/** What is looked at of a longer text. */
const MAX_READ_CHARS = 4_000;

const PATTERNS: readonly [RegExp, string][] = [
  [/\b\d{6,12}:[A-Za-z0-9_-]{30,50}/g, "[token]"],
  [/\b(?:whsec_|xox[a-z]-|sk-|rkp_)[A-Za-z0-9+/=_-]{8,200}/g, "[secret]"],
  [/\bBearer [A-Za-z0-9._~+/=-]{1,4000}/gi, "Bearer [token]"],
  [/\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,1000}/g, "[token]"],
  [/https?:\/\/[^\s"'<>]{1,2000}/g, "[url]"],
];

export function redactText(text: string): string {
  let redacted = text.length > MAX_READ_CHARS ? cutAtWord(text) : text;
  for (const [pattern, mask] of PATTERNS) redacted = redacted.replace(pattern, mask);
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
