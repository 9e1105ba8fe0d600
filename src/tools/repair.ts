/**
 * Repairs the arguments that small models get almost right, by one rule: they are read the way the tool's JSON Schema
 * says wherever there is exactly one such way. Nothing is made up; what is still wrong then, the tool's own schema
 * refuses, and the model is told. Pure.
 */
import { isJsonObject, parseJsonText } from "../core/json-text.ts";
import { matchName } from "../core/match-name.ts";
import type { JsonObject } from "../core/ports.ts";

/** Names of a wrapping that some models put around the arguments. */
const WRAPPINGS = ["arguments", "parameters", "args", "params", "input"];
const MAX_FIELDS = 64;

export function repairArguments(given: unknown, schema: JsonObject): JsonObject {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const names = Object.keys(properties);
  const fields = readFields(given, names, required);
  const { named, strays } = sortFields(fields, names);
  const missing = required.filter((name) => !Object.hasOwn(named, name));
  const [stray] = strays;
  // One value without its place, one place without its value.
  if (strays.length === 1 && missing.length === 1 && stray && missing[0] !== undefined)
    named[missing[0]] = stray.value;
  return Object.fromEntries(
    Object.entries(named)
      .filter(([name, value]) => value !== null || required.includes(name))
      .map(([name, value]) => [name, repairValue(value, properties[name])]),
  );
}

/** The fields, whatever they came in: an object, its text, a list of one, a wrapping, or the only argument by itself. */
function readFields(
  given: unknown,
  names: readonly string[],
  required: readonly string[],
): JsonObject {
  const value = typeof given === "string" ? (parseJsonText(given) ?? given) : given;
  const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (isJsonObject(single)) return unwrap(single, names, required);
  const [only] = required.length === 1 ? required : names.length === 1 ? names : [];
  return only === undefined || value === null || value === undefined ? {} : { [only]: value };
}

function unwrap(
  fields: JsonObject,
  names: readonly string[],
  required: readonly string[],
): JsonObject {
  const wrapping = WRAPPINGS.find((name) => Object.hasOwn(fields, name) && !names.includes(name));
  const inner = wrapping === undefined ? undefined : fields[wrapping];
  const value = typeof inner === "string" ? parseJsonText(inner) : inner;
  return isJsonObject(value) ? readFields(value, names, required) : fields;
}

interface Stray {
  value: unknown;
}

/** Fields under their right names, and the values of those that have none. A right name goes before an almost right one. */
function sortFields(
  fields: JsonObject,
  names: readonly string[],
): { named: JsonObject; strays: Stray[] } {
  const entries = Object.entries(fields).slice(0, MAX_FIELDS);
  const named: JsonObject = Object.fromEntries(entries.filter(([name]) => names.includes(name)));
  const strays: Stray[] = [];
  for (const [given, value] of entries.filter(([name]) => !names.includes(name))) {
    const open = names.filter((name) => !Object.hasOwn(named, name));
    const name = matchName(given, open);
    if (name === undefined) strays.push({ value });
    else named[name] = value;
  }
  return { named, strays };
}

function repairValue(value: unknown, property: unknown): unknown {
  if (!isJsonObject(property)) return value;
  if (Array.isArray(property.enum)) return repairChoice(value, property.enum.map(String));
  switch (property.type) {
    case "number":
    case "integer":
      return repairNumber(value);
    case "boolean":
      return repairBoolean(value);
    case "string":
      return repairString(value);
    case "array":
      return repairArray(value, property.items);
    case "object":
      return repairArguments(value, property);
    default:
      return value;
  }
}

function repairChoice(value: unknown, choices: readonly string[]): unknown {
  return typeof value === "string" ? (matchName(value.trim(), choices) ?? value) : value;
}

function repairNumber(value: unknown): unknown {
  if (typeof value !== "string") return value;
  // A comma as in 1,000 or in 3,5 has two meanings: only groups of three are one.
  const plain = value
    .trim()
    .replace(/^(-?\d{1,3})((?:,\d{3})+)(?=$|\.)/, (whole) => whole.replaceAll(",", ""));
  return /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(plain) ? Number(plain) : value;
}

function repairBoolean(value: unknown): unknown {
  const word = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (word === "true" || word === "yes" || word === 1) return true;
  return word === "false" || word === "no" || word === 0 ? false : value;
}

function repairString(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) && value.length === 1 ? repairString(value[0]) : value;
}

function repairArray(value: unknown, items: unknown): unknown {
  const parsed = typeof value === "string" ? parseJsonText(value) : undefined;
  const list = Array.isArray(parsed) ? parsed : value;
  if (Array.isArray(list)) return list.map((item) => repairValue(item, items));
  return isJsonObject(list) || list === null ? list : [repairValue(list, items)];
}
