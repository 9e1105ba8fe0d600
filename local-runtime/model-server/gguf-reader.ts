/**
 * Reads the head of a GGUF file: its key-value pairs and the shapes of its tensors. Outside bytes: every length is
 * checked against a limit before it is used, and a file that is none is told from one that is.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** A vocabulary of 260,000 words takes some 8 MB; beyond this it is no model. */
const MAX_HEAD_BYTES = 128 * 1024 * 1024;
const MAX_PAIRS = 4_096;
const MAX_TENSORS = 65_536;
const MAX_KEY_BYTES = 1_024;
/** A chat template is the longest text that is kept. */
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_DIMENSIONS = 8;
const BLOCK_BYTES = 1024 * 1024;

export type GgufValue = string | number | boolean;

export interface GgufHead {
  /** Texts and numbers; lists are passed over. */
  pairs: ReadonlyMap<string, GgufValue>;
  /** Of all tensors together. */
  parameters: number;
}

/** The file is not GGUF, or is cut or damaged. */
export class NotGguf extends Error {
  constructor(what: string) {
    super(what);
    this.name = "NotGguf";
  }
}

/** Throws NotGguf, and what the file system throws. */
export function readGgufHead(path: string): GgufHead {
  const file = openSync(path, "r");
  try {
    return parseHead(new Bytes(file));
  } finally {
    closeSync(file);
  }
}

function parseHead(bytes: Bytes): GgufHead {
  if (bytes.take(4).toString("latin1") !== "GGUF") throw new NotGguf("it does not begin with GGUF");
  const version = bytes.u32();
  if (version !== 2 && version !== 3) throw new NotGguf(`its version ${version} is not known`);
  const tensors = bytes.count(MAX_TENSORS, "tensors");
  const pairCount = bytes.count(MAX_PAIRS, "key-value pairs");
  const pairs = new Map<string, GgufValue>();
  for (let index = 0; index < pairCount; index += 1) {
    const key = bytes.text(MAX_KEY_BYTES);
    const value = readValue(bytes, bytes.u32());
    if (value !== undefined) pairs.set(key, value);
  }
  let parameters = 0;
  for (let index = 0; index < tensors; index += 1) parameters += readTensorSize(bytes);
  return { pairs, parameters };
}

const STRING = 8;
const ARRAY = 9;

/** Bytes of each scalar type, by its number. */
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

function readValue(bytes: Bytes, type: number): GgufValue | undefined {
  if (type === STRING) return bytes.text(MAX_TEXT_BYTES);
  if (type !== ARRAY) return readScalar(bytes, type);
  const itemType = bytes.u32();
  const items = bytes.count(MAX_HEAD_BYTES, "items of a list");
  if (itemType === STRING) for (let index = 0; index < items; index += 1) bytes.skipText();
  else bytes.skip(items * scalarBytes(itemType));
  return undefined;
}

function scalarBytes(type: number): number {
  const size = SCALAR_BYTES[type];
  if (size === undefined) throw new NotGguf(`it has a value of the unknown type ${type}`);
  return size;
}

function readScalar(bytes: Bytes, type: number): GgufValue {
  const part = bytes.take(scalarBytes(type));
  if (type === 7) return part.readUInt8() !== 0;
  if (type === 6) return part.readFloatLE();
  if (type === 12) return part.readDoubleLE();
  if (type === 10) return Number(part.readBigUInt64LE());
  if (type === 11) return Number(part.readBigInt64LE());
  const isSigned = type % 2 === 1;
  return isSigned ? part.readIntLE(0, part.length) : part.readUIntLE(0, part.length);
}

function readTensorSize(bytes: Bytes): number {
  bytes.text(MAX_KEY_BYTES);
  const dimensions = bytes.u32();
  if (dimensions > MAX_DIMENSIONS) throw new NotGguf(`a tensor of it has ${dimensions} dimensions`);
  let size = 1;
  for (let index = 0; index < dimensions; index += 1)
    size *= Number(bytes.take(8).readBigUInt64LE());
  bytes.take(4 + 8); // type and place, which a cut file lacks
  return size;
}

/** A file read from its begin, in blocks. */
class Bytes {
  readonly #file: number;
  #block = Buffer.alloc(0);
  #at = 0;
  /** Where in the file the block begins. */
  #blockAtBytes = 0;

  constructor(file: number) {
    this.#file = file;
  }

  take(sizeBytes: number): Buffer {
    if (this.#at + sizeBytes > this.#block.length) this.#load(sizeBytes);
    const part = this.#block.subarray(this.#at, this.#at + sizeBytes);
    this.#at += sizeBytes;
    return part;
  }

  skip(sizeBytes: number): void {
    if (this.#blockAtBytes + this.#at + sizeBytes > MAX_HEAD_BYTES)
      throw new NotGguf("its head is too long");
    this.#at += sizeBytes;
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  count(limit: number, what: string): number {
    const value = this.take(8).readBigUInt64LE();
    if (value > BigInt(limit)) throw new NotGguf(`it states ${value} ${what}`);
    return Number(value);
  }

  text(limitBytes: number): string {
    return this.take(this.count(limitBytes, "bytes of a text")).toString("utf8");
  }

  skipText(): void {
    this.skip(this.count(MAX_TEXT_BYTES, "bytes of a text"));
  }

  #load(sizeBytes: number): void {
    this.#blockAtBytes += this.#at;
    if (this.#blockAtBytes + sizeBytes > MAX_HEAD_BYTES) throw new NotGguf("its head is too long");
    const block = Buffer.alloc(Math.max(sizeBytes, BLOCK_BYTES));
    const length = readSync(this.#file, block, 0, block.length, this.#blockAtBytes);
    if (length < sizeBytes) throw new NotGguf("it ends within its head");
    this.#block = block.subarray(0, length);
    this.#at = 0;
  }
}
