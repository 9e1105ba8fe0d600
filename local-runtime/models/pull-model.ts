/** Brings a model here: from the list of the built-in server, or by Ollama. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { megabytes } from "../backup/backup-space.ts";
import { explainFileErrors } from "../data-folder.ts";
import { EXIT, HostError } from "../host-error.ts";
import {
  type CatalogueModel,
  findInCatalogue,
  MODEL_CATALOGUE,
} from "../model-server/catalogue.ts";
import { download } from "../model-server/download.ts";
import {
  findModel,
  loadLibrary,
  modelFile,
  withModel,
  writeLibrary,
} from "../model-server/library.ts";
import { tryLockFile } from "../supervisor/lock.ts";
import type { ModelBox } from "./model-box.ts";
import { printable, pullServerModel } from "./ollama-client.ts";
import { createProgress } from "./progress.ts";

/** Into the library. Nothing happens where it is there. Throws model/unknown, model/another_pulls and what download throws. */
export async function pullBuiltin(
  box: ModelBox,
  name: string,
  entry: CatalogueModel | undefined = findInCatalogue(name),
): Promise<void> {
  const present = findModel(loadLibrary(box.folder), name);
  if (present && existsSync(modelFile(box.folder, present))) return;
  if (!entry) throw unknownModel(name);
  const { folder, shell } = box;
  const lock = tryLockFile(join(folder.run, "model-pull.lock"), 0);
  if (!lock) throw anotherPulls();
  const file = `${entry.name.replaceAll(":", "-")}.gguf`;
  const progress = createProgress(shell);
  try {
    explainFileErrors(folder.root, () =>
      mkdirSync(folder.models, { recursive: true, mode: 0o700 }),
    );
    shell.note(
      `pulling ${entry.name} (${megabytes(entry.sizeBytes)}, ${entry.licence}) from ${entry.url}`,
    );
    await download({
      ...entry,
      path: join(folder.models, file),
      onProgress: (bytes) => progress.update(entry.name, bytes, entry.sizeBytes),
    });
    writeLibrary(folder, withModel(loadLibrary(folder), { name, file, sha256: entry.sha256 }));
  } finally {
    progress.end();
    lock.close();
  }
}

/** By Ollama, which shows its own progress. Throws model/server_failed. */
export async function pullOllama(box: ModelBox, name: string): Promise<void> {
  const progress = createProgress(box.shell);
  try {
    await pullServerModel(box.ollamaUrl, name, ({ status, completedBytes, totalBytes }) =>
      progress.update(printable(status), completedBytes, totalBytes),
    );
  } finally {
    progress.end();
  }
}

function unknownModel(name: string): HostError {
  const names = MODEL_CATALOGUE.map((model) => model.name).join(", ");
  return new HostError({
    code: "model/unknown",
    message: `The built-in server knows no model "${printable(name)}" to pull, and no Ollama answers.`,
    fix: `Take one of ${names}, or a file: npx rockpool model use ./model.gguf`,
    exitStatus: EXIT.usage,
  });
}

function anotherPulls(): HostError {
  return new HostError({
    code: "model/another_pulls",
    message: "Another command is pulling a model.",
    fix: "Wait for it to end, then run this again.",
    exitStatus: EXIT.temporary,
  });
}
