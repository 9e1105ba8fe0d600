/** `rockpool model list`: what is here, what answers, and what can be pulled. */
import { renderTable } from "../channel-text.ts";
import { CATALOGUE_DATE, MODEL_CATALOGUE } from "../model-server/catalogue.ts";
import { modelFile, type ServerKind } from "../model-server/library.ts";
import { readableParameters, readModelFacts } from "../model-server/model-facts.ts";
import { gigabytes } from "./memory-advice.ts";
import { isSameModel, type ModelBox, modelInForce } from "./model-box.ts";
import { findServerModels, printable } from "./ollama-client.ts";

export interface ListedModel {
  name: string;
  server: ServerKind;
  sizeBytes: number;
  parameters: string;
  quantization: string;
  /** Whether it is the one that answers. */
  chosen: boolean;
  /** What is wrong with its file; only where something is. */
  problem?: string;
}

export interface ModelList {
  /** The address of the server in force, and the model: `auto` for its best. */
  inForce: { server: ServerKind; url: string; model: string };
  models: ListedModel[];
  /** False where no Ollama, or what ROCKPOOL_MODEL_URL names, answers. */
  ollamaAnswers: boolean;
  canBePulled: { name: string; sizeBytes: number; licence: string; doc: string }[];
}

export async function listModels(box: ModelBox): Promise<ModelList> {
  const inForce = modelInForce(box);
  const isChosen = (server: ServerKind, name: string) =>
    inForce.server === server && isSameModel(name, inForce.model);
  const builtin = box.library.models.map(({ name, file }) =>
    describeFile(name, modelFile(box.folder, { file }), isChosen("builtin", name)),
  );
  const found = await findServerModels(box.ollamaUrl);
  const ollama = (found ?? []).map(
    ({ name, size, details }): ListedModel => ({
      name: printable(name),
      server: "ollama",
      sizeBytes: size,
      parameters: printable(details.parameter_size ?? ""),
      quantization: printable(details.quantization_level ?? ""),
      chosen: isChosen("ollama", name),
    }),
  );
  const here = new Set(builtin.map(({ name }) => name));
  return {
    inForce,
    models: [...builtin, ...ollama],
    ollamaAnswers: found !== undefined,
    canBePulled: MODEL_CATALOGUE.filter(({ name }) => !here.has(name)).map(
      ({ name, sizeBytes, licence, doc }) => ({ name, sizeBytes, licence, doc }),
    ),
  };
}

function describeFile(name: string, path: string, chosen: boolean): ListedModel {
  try {
    const { sizeBytes, parameters, quantization } = readModelFacts(path);
    const readable = readableParameters(parameters);
    return { name, server: "builtin", sizeBytes, parameters: readable, quantization, chosen };
  } catch {
    const problem = `the file ${path} is gone, or is no model`;
    return {
      name,
      server: "builtin",
      sizeBytes: 0,
      parameters: "",
      quantization: "",
      chosen,
      problem,
    };
  }
}

export function renderModelList({
  inForce,
  models,
  ollamaAnswers,
  canBePulled,
}: ModelList): string {
  const rows = models.map((model) => [
    `${model.chosen ? "*" : " "} ${model.name}`,
    model.server === "builtin" ? "built in" : "Ollama",
    model.problem ?? gigabytes(model.sizeBytes),
    [model.parameters, model.quantization].filter((text) => text !== "").join(" "),
  ]);
  const pull = canBePulled.map(({ name, sizeBytes, licence, doc }) => [
    `  ${name}`,
    gigabytes(sizeBytes),
    licence,
    doc,
  ]);
  const answers = inForce.model === "auto" ? "the largest that fits" : inForce.model;
  return [
    ...(models.length === 0
      ? ["There is no model here yet."]
      : [renderTable([["  NAME", "SERVER", "SIZE", "KIND"], ...rows])]),
    "",
    inForce.server === "builtin"
      ? `The built-in server answers, with ${answers}.`
      : `${ollamaAnswers ? "The server" : "No server"} at ${inForce.url} answers${ollamaAnswers ? `, with ${answers}` : ""}.`,
    ...(canBePulled.length === 0
      ? []
      : [
          "",
          `The built-in server can pull and use (npx rockpool model use <name>; list of ${CATALOGUE_DATE}):`,
          renderTable(pull),
        ]),
  ].join("\n");
}
