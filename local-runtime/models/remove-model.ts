/** `rockpool model remove`: takes a model away. A file that a person gave is only forgotten. */
import { isAbsolute } from "node:path";
import { removeFile } from "../atomic-file.ts";
import { HostError } from "../host-error.ts";
import { findModel, modelFile, type ServerKind, writeLibrary } from "../model-server/library.ts";
import { isSameModel, type ModelBox, modelInForce } from "./model-box.ts";
import { removeServerModel } from "./ollama-client.ts";

export interface ModelRemoved {
  name: string;
  server: ServerKind;
  /** False where the file stays: it was the owner's own. */
  fileDeleted: boolean;
}

/** Throws model/in_use, model/missing or model/server_failed. */
export async function removeModel(box: ModelBox, name: string): Promise<ModelRemoved> {
  const model = findModel(box.library, name);
  const server = model ? "builtin" : "ollama";
  const inForce = modelInForce(box);
  if (inForce.server === server && isSameModel(inForce.model, model?.name ?? name))
    throw new HostError({
      code: "model/in_use",
      message: `${name} is the model that answers.`,
      fix: "Choose another one first: `npx rockpool model use <name>`.",
    });
  if (!model) {
    await removeServerModel(box.ollamaUrl, name);
    return { name, server, fileDeleted: true };
  }
  const { library, folder } = box;
  writeLibrary(folder, { ...library, models: library.models.filter((item) => item !== model) });
  const fileDeleted = !isAbsolute(model.file);
  if (fileDeleted) removeFile(modelFile(folder, model));
  return { name: model.name, server, fileDeleted };
}
