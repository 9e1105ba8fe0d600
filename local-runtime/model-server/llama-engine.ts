/** The engine: llama.cpp through node-llama-cpp, on the processor. */
import { availableParallelism } from "node:os";
import type { Engine, EngineModel, LoadOptions } from "./engine.ts";
import {
  type Llama,
  type LlamaLibrary,
  type LlamaModel,
  loadLlamaLibrary,
} from "./llama-library.ts";
import { createLlamaModel } from "./llama-model.ts";

/** One core is left to everything else: threads that wait for a busy core slow generation down many times over. */
export function engineThreads(cores: number = availableParallelism()): number {
  return Math.max(1, cores - 1);
}

/** `root` is the project's folder. Throws model_server/no_engine. */
export async function openLlamaEngine(root: string): Promise<Engine> {
  const library = await loadLlamaLibrary(root);
  const llama = await library.getLlama({
    gpu: false,
    build: "never",
    maxThreads: engineThreads(),
    logLevel: "error",
    progressLogs: false,
  });
  return {
    version: `llama.cpp ${llama.llamaCppRelease?.release ?? ""}`.trim(),
    load: async (file, options) => {
      const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
      return createOpened({ library, llama, model }, options);
    },
  };
}

interface Opened {
  library: LlamaLibrary;
  llama: Llama;
  model: LlamaModel;
}

function createOpened(
  { library, llama, model }: Opened,
  { contextTokens, contexts }: LoadOptions,
): EngineModel {
  const contextSize = Math.min(contextTokens, model.trainContextSize);
  const threads = engineThreads();
  return createLlamaModel({
    llama,
    model,
    contextTokens: contextSize,
    openContexts: async () => {
      const context = await model.createContext({ contextSize, sequences: contexts, threads });
      return Array.from({ length: contexts }, () => {
        const sequence = context.getSequence();
        return { sequence, chat: new library.LlamaChat({ contextSequence: sequence }), usedAt: 0 };
      });
    },
    openEmbedding: () => model.createEmbeddingContext({ contextSize, threads }),
  });
}
