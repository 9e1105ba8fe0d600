/** Small GGUF files for tests: a head with the given key-value pairs and one tensor, without weights. */
import { writeFileSync } from "node:fs";

type Value = string | number | boolean | string[];

export function renderGguf(pairs: Record<string, Value>): Buffer {
  const entries = Object.entries(pairs);
  return Buffer.concat([
    Buffer.from("GGUF"),
    u32(3),
    u64(1),
    u64(entries.length),
    ...entries.flatMap(([key, value]) => [text(key), ...valueBytes(value)]),
    text("token_embd.weight"),
    u32(2),
    u64(64),
    u64(512),
    u32(0),
    u64(0),
  ]);
}

/** A model that can chat, with these pairs over its own. */
export function writeGguf(path: string, pairs: Record<string, Value> = {}): void {
  const own = {
    "general.architecture": "llama",
    "general.file_type": 15,
    "llama.context_length": 4096,
    "llama.embedding_length": 64,
    "llama.block_count": 2,
    "llama.attention.head_count": 8,
    "llama.attention.head_count_kv": 4,
    "tokenizer.ggml.tokens": ["<s>", "</s>", "a"],
    "tokenizer.chat_template": "{% if tools %}…{% endif %}",
  };
  writeFileSync(path, renderGguf({ ...own, ...pairs }));
}

function valueBytes(value: Value): Buffer[] {
  if (typeof value === "string") return [u32(8), text(value)];
  if (typeof value === "number") return [u32(4), u32OrMax(value)];
  if (typeof value === "boolean") return [u32(7), Buffer.from([value ? 1 : 0])];
  return [u32(9), u32(8), u64(value.length), ...value.map(text)];
}

function u32OrMax(value: number): Buffer {
  return u32(Math.min(value, 0xffff_ffff));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
