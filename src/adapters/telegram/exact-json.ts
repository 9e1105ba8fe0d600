/**
 * JSON in which no id is rounded: integers that a number cannot hold exactly become strings of their digits. Telegram
 * writes ids as JSON numbers, and two ids beyond 2^53 must not turn into one.
 */

/** Shorter runs of digits are below 2^53 and need no second look. */
const LONG_NUMBER = /\d{16}/;
const WHOLE_NUMBER = /^-?\d+$/;

/** The source text of a value, which the runtimes hand a reviver and TypeScript's ES2024 library does not know. */
interface ReviverContext {
  source?: string;
}

function keepDigits(_key: string, value: unknown, context?: ReviverContext): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && WHOLE_NUMBER.test(source) ? source : value;
}

/** Throws SyntaxError, or RangeError for text that is nested too deeply. */
export function parseExactJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}
