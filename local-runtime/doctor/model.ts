/** Check of the model that answers: the built-in server's file, engine and memory, or another server's list. */

import type { DataFolder } from "../data-folder.ts";
import { availableBytes } from "../host-work/available-memory.ts";
import { decideBuiltin } from "../model-server/choice.ts";
import { isEngineInstalled, unsupportedMachine } from "../model-server/install-engine.ts";
import { type LibraryModel, loadLibrary, modelFile } from "../model-server/library.ts";
import { type ModelFacts, readModelFacts } from "../model-server/model-facts.ts";
import { loadModelServerState } from "../model-server/run-state.ts";
import { adviseMemory } from "../models/memory-advice.ts";
import type { Settings } from "../settings.ts";
import { type Finding, fail, failure, ok, warn } from "./check.ts";
import { checkModelServer } from "./server.ts";

const WHAT = "Model server";

export interface ModelCheck {
  /** The project's folder. */
  root: string;
  settings: Settings;
  folder: DataFolder;
  /** Whether Rockpool runs on the folder. */
  running: boolean;
}

export async function checkModel(check: ModelCheck): Promise<Finding> {
  let builtin: LibraryModel | undefined;
  try {
    builtin = decideBuiltin({ ...check.settings, library: loadLibrary(check.folder) });
  } catch (error) {
    return failure(WHAT, error);
  }
  return builtin ? checkBuiltin(check, builtin) : await checkModelServer(check.settings);
}

function checkBuiltin(
  { root, settings, folder, running }: ModelCheck,
  model: LibraryModel,
): Finding {
  const machine = unsupportedMachine();
  if (machine !== undefined)
    return fail(
      WHAT,
      `the built-in one was chosen, and does not run on this machine (${machine})`,
      "Install Ollama (https://ollama.com/download), then choose a model of it: npx rockpool model use qwen3:4b --server ollama",
    );
  const file = modelFile(folder, model);
  const facts = readFacts(file);
  if (!facts)
    return fail(
      WHAT,
      `the file of ${model.name} is gone or damaged (${file})`,
      "Choose another model, or this one anew: npx rockpool model use <name or file>",
    );
  const state = running ? loadModelServerState(folder) : undefined;
  if (state?.pid !== undefined) return ok(WHAT, `built in, at ${state.url}, with ${model.name}`);
  if (running)
    return warn(
      WHAT,
      `the built-in one is not up, with ${model.name}`,
      "It is started again by itself; `npx rockpool logs --level warn` says why it ended.",
    );
  if (!isEngineInstalled(root))
    return warn(
      WHAT,
      `built in, with ${model.name}; its engine is not installed`,
      "`npm start` installs it, which needs the network.",
    );
  return judgeMemory(model, facts, settings.options.ROCKPOOL_CONTEXT_TOKENS);
}

function judgeMemory(model: LibraryModel, facts: ModelFacts, contextTokens: number): Finding {
  const advice = adviseMemory(facts, contextTokens, availableBytes());
  if (advice.fits) return ok(WHAT, `built in, with ${model.name}: ${advice.text}`);
  return warn(
    WHAT,
    `built in, with ${model.name}: ${advice.text}`,
    "Choose a smaller model (npx rockpool model list), or a shorter context (ROCKPOOL_CONTEXT_TOKENS=4096).",
  );
}

function readFacts(file: string): ModelFacts | undefined {
  try {
    return readModelFacts(file);
  } catch {
    return undefined;
  }
}
