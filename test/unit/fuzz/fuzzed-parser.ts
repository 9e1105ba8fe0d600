/** A parser of outside bytes as the fuzz test runs it. */
import type fc from "fast-check";
import { type AppError, type ErrorCode, isAppError } from "../../../src/core/errors.ts";
import { faultyBytes, faultyText } from "../../support/mutations.ts";

export interface FuzzedParser {
  name: string;
  /** How often it is run. */
  runs: number;
  input: fc.Arbitrary<unknown>;
  parse(input: never): unknown;
  /** True for what it throws where it refuses; everything else is a defect. */
  isRefusal(error: unknown): boolean;
}

const RUNS = 8_000;

interface FuzzOptions {
  isRefusal?: (error: unknown) => boolean;
  /** For parsers that take long. */
  runs?: number;
}

/** Total: it never throws. */
const never = () => false;

export function fuzzText(
  name: string,
  samples: readonly string[],
  parse: (text: string) => unknown,
  { isRefusal = never, runs = RUNS }: FuzzOptions = {},
): FuzzedParser {
  return { name, runs, input: faultyText(samples), parse, isRefusal };
}

export function fuzzBytes(
  name: string,
  samples: readonly Uint8Array[],
  parse: (bytes: Uint8Array) => unknown,
  { isRefusal = never, runs = RUNS }: FuzzOptions = {},
): FuzzedParser {
  return { name, runs, input: faultyBytes(samples), parse, isRefusal };
}

/** The value of the faulty JSON text; the text itself where it is no JSON any more. */
export function fuzzJson(
  name: string,
  samples: readonly unknown[],
  parse: (value: unknown) => unknown,
  { isRefusal = never, runs = RUNS }: FuzzOptions = {},
): FuzzedParser {
  const texts = samples.map((sample) => JSON.stringify(sample));
  return { name, runs, input: faultyText(texts).map(readJson), parse, isRefusal };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A coded error of one of these codes. */
export function coded(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => isAppError(error) && codes.includes((error as AppError).code);
}

/** An error with this class's name, whichever copy of the class. */
export function named(...names: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof Error && names.includes(error.name);
}

/** A coded error of this area, such as `model/`. */
export function codedIn(area: string): (error: unknown) => boolean {
  return (error) => isAppError(error) && error.code.startsWith(area);
}
