/** What people are told about the model server: what was found, or what to type. */
import type { ModelServerState } from "../model-server/run-state.ts";
import type { ModelSummary } from "./server-status.ts";

/** Small enough for a laptop without a graphics card. */
const FIRST_MODEL = "qwen3:4b";

/** `builtin` is the state of the built-in server, where that is wanted. */
export function describeModel(
  model: ModelSummary,
  modelUrl: string,
  builtin?: ModelServerState,
): string[] {
  if (model.servers) return describeSeveral(model, model.servers);
  if (builtin?.url === modelUrl) return describeBuiltin(model, builtin);
  if (model.status === "down")
    return [
      `none found at ${modelUrl}. Chat commands work; answers need one:`,
      `install Ollama (https://ollama.com/download), then type: ollama pull ${FIRST_MODEL}`,
      "or let Rockpool run one itself: npx rockpool model list",
      "or name another server: ROCKPOOL_MODEL_URL=http://host:port npm start",
    ];
  if (model.chosen === undefined)
    return [`the server at ${modelUrl} has no model that fits. Type: ollama pull ${FIRST_MODEL}`];
  return [`${model.chosen} (${modelUrl}, version ${model.version})`];
}

function describeSeveral(
  model: ModelSummary,
  servers: readonly { name: string; status: "up" | "down" }[],
): string[] {
  const names = servers.map(({ name, status }) =>
    status === "up" ? name : `${name} (does not answer)`,
  );
  const chosen = model.status === "up" ? model.chosen : undefined;
  const pressure = model.status === "up" ? model.pressure : undefined;
  return [
    chosen ?? "none: npx rockpool doctor says of each server what is wrong",
    `servers: ${names.join(", ")}`,
    ...(pressure
      ? [`memory is short (${pressure.freePercent} % free): the small one answers`]
      : []),
  ];
}

function describeBuiltin(model: ModelSummary, builtin: ModelServerState): string[] {
  if (model.status === "up" && model.chosen !== undefined)
    return [`${model.chosen} (built in, ${builtin.url})`];
  if (model.status === "up")
    return [
      `the built-in server (${builtin.url}) cannot read the file of ${builtin.model}:`,
      "npx rockpool doctor says why",
    ];
  return [
    `${builtin.model}: the built-in server (${builtin.url}) is being started.`,
    "Should it not come: npx rockpool logs -n 20 --level warn",
  ];
}
