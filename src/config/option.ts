/** What an option is, and the parsers that several parts of the table share. A parser says what is wrong, never what the value was. */
import { parseHttpAddress } from "./model-servers.ts";

export interface Option<Value> {
  /** Turns text into a value, or throws an Error whose message says what is expected. */
  parse(text: string): Value;
  default: Value;
  /** How the default reads in the documentation. */
  defaultDoc?: string;
  /** True where the Worker needs it too. */
  worker: boolean;
  doc: string;
}

export function option<const Value>(spec: Option<Value>): Option<Value> {
  return spec;
}

export function integerBetween(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new Error(`a whole number from ${min} to ${max} is expected`);
    return value;
  };
}

export function oneOf<const Choice extends string>(...choices: Choice[]) {
  return (text: string): Choice => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`one of ${choices.join(", ")} is expected`);
    return found;
  };
}

export function notEmpty(text: string): string {
  if (text.trim() === "") throw new Error("it must not be empty");
  return text;
}

/** Empty for none. */
export function publicUrl(text: string): string {
  return text === "" ? "" : parseHttpAddress(text);
}
