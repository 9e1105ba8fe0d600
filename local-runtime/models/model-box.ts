/** What the model commands work on: the library of the built-in server, and where Ollama would answer. */
import { listModelServers } from "../../src/config/model-servers.ts";
import { type DataFolder, dataFolderAt, prepareDataFolder } from "../data-folder.ts";
import { decideBuiltin, decideModel } from "../model-server/choice.ts";
import { findModel, type Library, loadLibrary, type ServerKind } from "../model-server/library.ts";
import { USUAL_PORT, urlOfPort } from "../model-server/port.ts";
import { loadModelServerState, type ModelServerState } from "../model-server/run-state.ts";
import { loadSettings, type Settings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { findServerModels, type ServerModel } from "./ollama-client.ts";

export interface ModelBox {
  shell: Shell;
  settings: Settings;
  folder: DataFolder;
  library: Library;
  /** Of the other server: Ollama, or what ROCKPOOL_MODEL_URL names. */
  ollamaUrl: string;
  /** Of a running Rockpool whose built-in server is wanted. */
  running: ModelServerState | undefined;
}

/** Throws model/library_unreadable. */
export function openModelBox(shell: Shell): ModelBox {
  const settings = loadSettings(shell);
  const folder = dataFolderAt(settings.dataDir);
  return {
    shell,
    settings,
    folder,
    library: loadLibrary(folder),
    ollamaUrl: mainServer(settings),
    running: loadModelServerState(folder),
  };
}

function mainServer({ options }: Settings): string {
  const [main] = listModelServers(options);
  return main?.url ?? options.ROCKPOOL_MODEL_URL;
}

/** For a command that writes: the data folder is made where there is none. Throws data/*. */
export function openWritableBox(shell: Shell): ModelBox {
  prepareDataFolder(loadSettings(shell).dataDir);
  return openModelBox(shell);
}

export interface ModelInForce {
  server: ServerKind;
  /** Where it answers, or would. */
  url: string;
  /** `auto` where the server's best answers. */
  model: string;
}

export function modelInForce(box: ModelBox): ModelInForce {
  const { settings, library, running } = box;
  const builtinUrl = running?.url ?? urlOfPort(USUAL_PORT);
  const { options, builtin } = decideModel({ ...settings, library, builtinUrl });
  return {
    server: builtin ? "builtin" : "ollama",
    url: builtin ? options.ROCKPOOL_MODEL_URL : box.ollamaUrl,
    model: options.ROCKPOOL_MODEL,
  };
}

export function builtinInForce(box: ModelBox): boolean {
  return decideBuiltin({ ...box.settings, library: box.library }) !== undefined;
}

/**
 * Where a command about a name acts: at the server that was asked for; else the built-in one where its library has the
 * name; else Ollama where one answers; else the built-in one.
 */
export async function decideServer(
  box: ModelBox,
  name: string,
  given: ServerKind | undefined,
): Promise<{ server: ServerKind; ollamaModels: ServerModel[] | undefined }> {
  if (given === "builtin" || (given === undefined && findModel(box.library, name)))
    return { server: "builtin", ollamaModels: undefined };
  const ollamaModels = await findServerModels(box.ollamaUrl);
  if (given === "ollama" || ollamaModels) return { server: "ollama", ollamaModels };
  return { server: "builtin", ollamaModels };
}

/** True where the names mean the same model: one without a tag means `:latest`. */
export function isSameModel(one: string, other: string): boolean {
  const full = (name: string) => (name.includes(":") ? name : `${name}:latest`);
  return full(one) === full(other);
}
