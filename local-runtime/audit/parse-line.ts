/** One line of an export: parsed, and held to the one way in which its values may be written. */
import * as v from "valibot";

/** An entry at all its limits is shorter. */
export const MAX_AUDIT_LINE_UNITS = 64 * 1024;

/** Undefined for what is not of this form, byte by byte. */
export function parseLine<Value>(
  line: string,
  schema: v.GenericSchema<unknown, Value>,
  render: (value: Value) => string,
): Value | undefined {
  if (line.length > MAX_AUDIT_LINE_UNITS) return undefined;
  const parsed = v.safeParse(schema, parseJson(line));
  return parsed.success && render(parsed.output) === line ? parsed.output : undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
