/** What people are told about the model server: what was found, or what to type. */
import type { ModelSummary } from "./server-status.ts";

/** Small enough for a laptop without a graphics card. */
const FIRST_MODEL = "qwen3:4b";

export function describeModel(model: ModelSummary, modelUrl: string): string[] {
  if (model.status === "down")
    return [
      `none found at ${modelUrl}. Chat commands work; answers need one:`,
      `install Ollama (https://ollama.com/download), then type: ollama pull ${FIRST_MODEL}`,
      "or name another server: ROCKPOOL_MODEL_URL=http://host:port npm start",
    ];
  if (model.chosen === undefined)
    return [`the server at ${modelUrl} has no model that fits. Type: ollama pull ${FIRST_MODEL}`];
  return [`${model.chosen} (${modelUrl}, version ${model.version})`];
}
