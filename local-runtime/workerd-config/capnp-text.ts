/**
 * Reads Cap'n Proto text of the form that workerd configs have: one constant made of structs, lists, text, numbers and
 * names. It knows nothing of workerd: what stands in the file is what comes out.
 */
import { HostError } from "../host-error.ts";

export type CapnpValue =
  | string
  | number
  | boolean
  | CapnpName
  | CapnpEmbed
  | CapnpValue[]
  | CapnpStruct;

/** An enumerant or a constant's name. */
export interface CapnpName {
  name: string;
}

/** The content of a file. */
export interface CapnpEmbed {
  embed: string;
}

export interface CapnpStruct {
  fields: Map<string, CapnpValue>;
}

const MAX_UNITS = 4 * 1024 * 1024;
const MAX_DEPTH = 32;

type Token =
  | { kind: "text"; value: string }
  | { kind: "number"; value: number }
  | { kind: "word" | "sign"; value: string };

const TOKEN =
  /(?:\s|#[^\n]*)*(?:"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|([()[\],=;:@]))/suy;
const REST = /(?:\s|#[^\n]*)*$/uy;

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** The struct of the file's one constant. Throws config/unreadable. */
export function parseCapnpText(text: string): CapnpStruct {
  if (text.length > MAX_UNITS) throw unreadable("it is longer than 4 MB");
  const tokens = splitTokens(text);
  const start = tokens.findIndex((token) => token.kind === "word" && token.value === "const");
  const opening = tokens.findIndex((token, index) => index > start && isSign(token, "="));
  if (start < 0 || opening < 0) throw unreadable("it has no constant");
  const reader = new Reader(tokens.slice(opening + 1));
  const value = reader.readValue(0);
  reader.take(";");
  reader.finish();
  if (!isStruct(value)) throw unreadable("its constant is no struct");
  return value;
}

export function isStruct(value: CapnpValue | undefined): value is CapnpStruct {
  return typeof value === "object" && "fields" in value;
}

function splitTokens(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; ; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) {
      REST.lastIndex = at;
      if (REST.test(text)) return tokens;
      throw unreadable(`its character ${at} is not understood`);
    }
    tokens.push(toToken(match));
  }
}

function toToken([, quoted, number, word, sign]: RegExpExecArray): Token {
  if (quoted !== undefined) return { kind: "text", value: readEscapes(quoted) };
  if (number !== undefined) return { kind: "number", value: Number(number) };
  return word === undefined ? { kind: "sign", value: sign ?? "" } : { kind: "word", value: word };
}

function readEscapes(quoted: string): string {
  return quoted.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gsu, (_all, hex?: string, char?: string) =>
    hex === undefined
      ? (ESCAPES[char ?? ""] ?? char ?? "")
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function isSign(token: Token | undefined, value: string): boolean {
  return token?.kind === "sign" && token.value === value;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  take(sign: string): void {
    if (!this.#skip(sign)) throw unreadable(`"${sign}" is expected`);
  }

  finish(): void {
    if (this.#at < this.#tokens.length) throw unreadable("something follows its constant");
  }

  readValue(depth: number): CapnpValue {
    if (depth > MAX_DEPTH) throw unreadable("it is nested too deeply");
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === "text" || token?.kind === "number") return token.value;
    if (isSign(token, "(")) return this.#readStruct(depth);
    if (isSign(token, "[")) return this.#readList(depth);
    if (token?.kind === "word") return this.#readWord(token.value);
    throw unreadable("a value is expected");
  }

  #readWord(word: string): CapnpValue {
    if (word === "true" || word === "false") return word === "true";
    if (word !== "embed") return { name: word };
    const path = this.#tokens[this.#at];
    this.#at += 1;
    if (path?.kind !== "text") throw unreadable("a file's path is expected");
    return { embed: path.value };
  }

  #readStruct(depth: number): CapnpStruct {
    const fields = new Map<string, CapnpValue>();
    while (!this.#skip(")")) {
      if (fields.size > 0) this.take(",");
      const name = this.#tokens[this.#at];
      this.#at += 1;
      if (name?.kind !== "word") throw unreadable("a field's name is expected");
      if (fields.has(name.value)) throw unreadable(`the field ${name.value} is set twice`);
      this.take("=");
      fields.set(name.value, this.readValue(depth + 1));
    }
    return { fields };
  }

  #readList(depth: number): CapnpValue[] {
    const items: CapnpValue[] = [];
    while (!this.#skip("]")) {
      if (items.length > 0) this.take(",");
      items.push(this.readValue(depth + 1));
    }
    return items;
  }

  #skip(sign: string): boolean {
    if (!isSign(this.#tokens[this.#at], sign)) return false;
    this.#at += 1;
    return true;
  }
}

function unreadable(reason: string): HostError {
  return new HostError({
    code: "config/unreadable",
    message: `The workerd config cannot be read: ${reason}.`,
    fix: "Start Rockpool again, which writes it anew, and run this once more.",
  });
}
