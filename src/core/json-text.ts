/** JSON as models write it: bare, in a code fence, or within tags. Pure. */
import type { JsonObject } from "./ports.ts";

/** Longer texts are no arguments. */
const MAX_UNITS = 100_000;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that the whole text states, its fence or tags aside; undefined where it states none. */
export function parseJsonText(text: string): unknown {
  if (text.length > MAX_UNITS) return undefined;
  try {
    return JSON.parse(withoutWrapping(text.trim()));
  } catch {
    return undefined;
  }
}

function withoutWrapping(text: string): string {
  const mark = ["<tool_call>", "[TOOL_CALLS]"].find((start) => text.startsWith(start)) ?? "";
  const inner = text.slice(mark.length).replace("</tool_call>", "").trim();
  if (!inner.startsWith("```")) return inner;
  const body = inner.slice(inner.indexOf("\n") + 1);
  const end = body.lastIndexOf("```");
  return end < 0 ? body : body.slice(0, end);
}
