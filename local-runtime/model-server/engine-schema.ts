/**
 * A JSON Schema as the engine's library can hold an answer to: `anyOf` becomes `oneOf`, and a place that takes anything is
 * said to take any scalar. What it does not know (a pattern, a minimum) it passes over: the caller checks arguments anyway.
 * Pure.
 */
import type { JsonObject } from "./engine.ts";
import { BadRequest } from "./requests.ts";

export const MAX_SCHEMA_DEPTH = 32;

const ANYTHING = { oneOf: ["string", "number", "boolean", "null"].map((type) => ({ type })) };
/** Words that say what a value is. */
const SHAPES = ["type", "enum", "const", "oneOf", "$ref", "properties", "items"];

/** Throws BadRequest where it is nested too deeply. */
export function toLibrarySchema(schema: JsonObject, depth = 0): JsonObject {
  if (depth > MAX_SCHEMA_DEPTH)
    throw new BadRequest(`a schema is nested more than ${MAX_SCHEMA_DEPTH} levels deep`);
  const { anyOf, ...rest } = schema;
  const own: JsonObject = Array.isArray(anyOf) ? { ...rest, oneOf: anyOf } : rest;
  const entries = Object.entries(own).map(([key, value]) => [key, convert(key, value, depth + 1)]);
  const converted: JsonObject = Object.fromEntries(entries);
  return SHAPES.some((key) => key in converted) ? converted : { ...converted, ...ANYTHING };
}

function convert(key: string, value: unknown, depth: number): unknown {
  if (key === "oneOf" || key === "prefixItems")
    return Array.isArray(value) ? value.map((item) => convertOne(item, depth)) : value;
  if (key === "items" || key === "additionalProperties") return convertOne(value, depth);
  if (key !== "properties" && key !== "$defs") return value;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, convertOne(item, depth)]),
  );
}

function convertOne(value: unknown, depth: number): unknown {
  return isObject(value) ? toLibrarySchema(value, depth) : value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
