/** `rockpool model show`: what a model is and can, and whether it fits into the memory. */
import { availableBytes } from "../host-work/available-memory.ts";
import { findModel, modelFile, type ServerKind } from "../model-server/library.ts";
import { readableParameters } from "../model-server/model-facts.ts";
import { row } from "../screen/start-screen.ts";
import { adviseMemory, gigabytes } from "./memory-advice.ts";
import type { ModelBox } from "./model-box.ts";
import { printable, showServerModel } from "./ollama-client.ts";
import { readFacts } from "./use-model.ts";

export interface ModelDetails {
  name: string;
  server: ServerKind;
  family: string;
  parameters: string;
  quantization: string;
  contextTokens: number | undefined;
  capabilities: string[];
  /** Only of a model of the built-in server. */
  file?: string;
  sizeBytes?: number;
  neededBytes?: number;
  availableBytes?: number;
  memory?: string;
}

/** Throws model/missing, model/not_gguf or model/server_failed. */
export async function describeOneModel(box: ModelBox, name: string): Promise<ModelDetails> {
  const model = findModel(box.library, name);
  if (!model) return await describeOfOllama(box, name);
  const file = modelFile(box.folder, model);
  const facts = readFacts(file);
  const contextTokens = box.settings.options.ROCKPOOL_CONTEXT_TOKENS;
  const { text, fits: _, ...memory } = adviseMemory(facts, contextTokens, availableBytes());
  return {
    name: model.name,
    server: "builtin",
    family: facts.architecture,
    parameters: readableParameters(facts.parameters),
    quantization: facts.quantization,
    contextTokens: facts.contextTokens,
    capabilities: facts.capabilities,
    file,
    sizeBytes: facts.sizeBytes,
    ...memory,
    memory: text,
  };
}

async function describeOfOllama(box: ModelBox, name: string): Promise<ModelDetails> {
  const { details, capabilities, model_info } = await showServerModel(box.ollamaUrl, name);
  const context = Object.entries(model_info).find(([key]) => key.endsWith(".context_length"))?.[1];
  return {
    name,
    server: "ollama",
    family: printable(details.family ?? ""),
    parameters: printable(details.parameter_size ?? ""),
    quantization: printable(details.quantization_level ?? ""),
    contextTokens: typeof context === "number" ? context : undefined,
    capabilities: capabilities.map(printable),
  };
}

export function renderModelDetails(details: ModelDetails): string {
  const { file, sizeBytes, memory } = details;
  return [
    details.name,
    ...row("Server", [details.server === "builtin" ? "built in" : "Ollama"]),
    ...row("Kind", [`${details.family} ${details.parameters} ${details.quantization}`.trim()]),
    ...row("Context", details.contextTokens ? [`${details.contextTokens} tokens at most`] : []),
    ...row("Can", [details.capabilities.join(", ") || "the server does not say"]),
    ...row("File", file ? [`${file} (${gigabytes(sizeBytes ?? 0)})`] : []),
    ...row("Memory", memory ? [memory] : []),
  ].join("\n");
}
