/** What a model's file says of the model: what it can do, how long its context may be, how much memory it takes. */
import { statSync } from "node:fs";
import { type GgufHead, readGgufHead } from "./gguf-reader.ts";

export interface ModelFacts {
  architecture: string;
  /** What it was made for. */
  contextTokens: number;
  parameters: number;
  quantization: string;
  capabilities: string[];
  sizeBytes: number;
  /** What each token of context takes in memory. */
  tokenBytes: number;
}

/** The engine's own needs beside weights and context. */
const ENGINE_BYTES = 250 * 1024 * 1024;
const DEFAULT_CONTEXT_TOKENS = 2_048;
/** Keys and values of the context are kept in 16 bits each. */
const VALUE_BYTES = 2;

/** Of general.file_type; a type that is missing here is shown by its number. */
const QUANTIZATIONS: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  32: "BF16",
};

/** Throws NotGguf, and what the file system throws. */
export function readModelFacts(path: string): ModelFacts {
  return decideFacts(readGgufHead(path), statSync(path).size);
}

export function decideFacts({ pairs, parameters }: GgufHead, sizeBytes: number): ModelFacts {
  const text = (key: string): string => {
    const value = pairs.get(key);
    return typeof value === "string" ? value : "";
  };
  const architecture = text("general.architecture");
  const number = (key: string, otherwise: number): number => {
    const value = pairs.get(key);
    return typeof value === "number" && Number.isSafeInteger(value) && value > 0
      ? value
      : otherwise;
  };
  const own = (key: string, otherwise: number) => number(`${architecture}.${key}`, otherwise);
  const heads = own("attention.head_count", 1);
  const keyLength = own("attention.key_length", own("embedding_length", 0) / heads);
  const layers = own("block_count", 0);
  const fileType = pairs.get("general.file_type");
  return {
    architecture,
    contextTokens: own("context_length", DEFAULT_CONTEXT_TOKENS),
    parameters,
    quantization:
      typeof fileType === "number" ? (QUANTIZATIONS[fileType] ?? `type ${fileType}`) : "",
    capabilities: decideCapabilities(architecture, text("tokenizer.chat_template")),
    sizeBytes,
    tokenBytes: 2 * layers * own("attention.head_count_kv", heads) * keyLength * VALUE_BYTES,
  };
}

/** The template that was made with the model tells what it was taught. */
function decideCapabilities(architecture: string, template: string): string[] {
  if (/bert|embedding/.test(architecture)) return ["embedding"];
  return [
    "completion",
    ...(/\btools\b/.test(template) ? ["tools"] : []),
    ...(/<think>|enable_thinking/.test(template) ? ["thinking"] : []),
  ];
}

/** Memory that the model takes when it is loaded with contexts of this length. */
export function neededBytes(
  facts: Pick<ModelFacts, "sizeBytes" | "tokenBytes" | "contextTokens">,
  contextTokens: number,
  contexts = 1,
): number {
  const tokens = Math.min(contextTokens, facts.contextTokens) * contexts;
  return Math.round(facts.sizeBytes + facts.tokenBytes * tokens + ENGINE_BYTES);
}

/** As people write it: `1.7B`, `260K`. */
export function readableParameters(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)}B`;
  if (parameters >= 1e6) return `${Math.round(parameters / 1e6)}M`;
  return `${Math.round(parameters / 1e3)}K`;
}
