/** `rockpool model use`: chooses the model that answers, brings it here where it is missing, and tells a running server. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { EXIT, HostError, usageError } from "../host-error.ts";
import { availableBytes } from "../host-work/available-memory.ts";
import { NotGguf } from "../model-server/gguf-reader.ts";
import { installEngine } from "../model-server/install-engine.ts";
import {
  findModel,
  isModelName,
  loadLibrary,
  modelFile,
  type ServerKind,
  withModel,
  writeLibrary,
} from "../model-server/library.ts";
import { type ModelFacts, readModelFacts } from "../model-server/model-facts.ts";
import { argumentPath } from "../shell.ts";
import { findHolder } from "../supervisor/lock.ts";
import { reloadServer } from "../supervisor/reload.ts";
import { adviseMemory } from "./memory-advice.ts";
import { decideServer, isSameModel, type ModelBox } from "./model-box.ts";
import { pullBuiltin, pullOllama } from "./pull-model.ts";

export interface UseFlags {
  server?: ServerKind;
  /** What to call a file. */
  name?: string;
}

export interface ModelUsed {
  model: string;
  server: ServerKind;
  /** False where no server runs. */
  reloaded: boolean;
  /** What stands in the way of the choice. */
  warnings: string[];
}

export async function useModel(box: ModelBox, given: string, flags: UseFlags): Promise<ModelUsed> {
  const { server, name } = await choose(box, given, flags);
  const library = loadLibrary(box.folder);
  writeLibrary(box.folder, { ...library, chosen: { server, name } });
  const warnings = server === "builtin" ? adviseBuiltin(box, name) : [];
  const running = findHolder(box.folder.root)?.purpose === "up";
  if (running) await reloadServer(box.folder.root, "the model");
  return {
    model: name,
    server,
    reloaded: running,
    warnings: [...warnings, ...overruled(box, server)],
  };
}

async function choose(
  box: ModelBox,
  given: string,
  flags: UseFlags,
): Promise<{ server: ServerKind; name: string }> {
  if (isFile(box, given)) return { server: "builtin", name: await addFile(box, given, flags) };
  const { server, ollamaModels } = await decideServer(box, given, flags.server);
  if (server === "builtin") {
    await installEngine(box.shell.root, box.shell.note);
    await pullBuiltin(box, given);
    return { server, name: findModel(loadLibrary(box.folder), given)?.name ?? given };
  }
  const present = ollamaModels?.some((model) => isSameModel(model.name, given));
  if (!present) await pullOllama(box, given);
  return { server, name: given };
}

/** A path is meant where the word ends like a model's file, or a file of that name is there. */
function isFile({ shell }: ModelBox, given: string): boolean {
  const found = statSync(argumentPath(shell, given), { throwIfNoEntry: false });
  return given.endsWith(".gguf") || found?.isFile() === true;
}

/** The file stays where it is. Answers its name. */
async function addFile(box: ModelBox, given: string, flags: UseFlags): Promise<string> {
  if (flags.server === "ollama")
    throw usageError("A file is for the built-in server.", "Leave --server out.");
  const path = argumentPath(box.shell, given);
  if (!existsSync(path)) throw usageError(`There is no file ${path}.`, "Check the path.");
  const facts = readFacts(path);
  if (!facts.capabilities.includes("completion"))
    throw usageError(`${path} is a model for embeddings: it cannot answer.`, "Give one for chats.");
  const name = flags.name ?? nameOfFile(path);
  if (!isModelName(name))
    throw usageError(`"${name}" is no name for a model.`, "Give one such as mine:4b with --name.");
  await installEngine(box.shell.root, box.shell.note);
  writeLibrary(box.folder, withModel(loadLibrary(box.folder), { name, file: realpathSync(path) }));
  return name;
}

/** Throws model/not_gguf. */
export function readFacts(path: string): ModelFacts {
  try {
    return readModelFacts(path);
  } catch (error) {
    const reason = error instanceof NotGguf ? error.message : "it cannot be read";
    throw new HostError({
      code: "model/not_gguf",
      message: `${path} is no model in the GGUF format: ${reason}.`,
      fix: "Give a .gguf file, whole: compare its size with the one where it comes from.",
      exitStatus: EXIT.usage,
      cause: error,
    });
  }
}

/** `Qwen3-4B-Q4_K_M.gguf` becomes `qwen3-4b-q4_k_m`. */
export function nameOfFile(path: string): string {
  return basename(path)
    .replace(/\.gguf$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 80);
}

function adviseBuiltin({ folder, settings }: ModelBox, name: string): string[] {
  const model = findModel(loadLibrary(folder), name);
  if (!model) return [];
  const facts = readFacts(modelFile(folder, model));
  const { ROCKPOOL_CONTEXT_TOKENS } = settings.options;
  const advice = adviseMemory(facts, ROCKPOOL_CONTEXT_TOKENS, availableBytes());
  return advice.fits ? [] : [`${name} may not fit: ${advice.text}.`];
}

/** Options that the owner has set stand above the choice. */
function overruled({ settings, ollamaUrl }: ModelBox, server: ServerKind): string[] {
  const { ROCKPOOL_MODEL } = settings.options;
  return [
    ...(server === "builtin" && settings.modelUrlGiven
      ? [
          `The options name a model server (${ollamaUrl}): that one answers until you take ROCKPOOL_MODEL_URL away.`,
        ]
      : []),
    ...(ROCKPOOL_MODEL === "auto"
      ? []
      : [`ROCKPOOL_MODEL is set: ${ROCKPOOL_MODEL} answers until you take the option away.`]),
  ];
}
