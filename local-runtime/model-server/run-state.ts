/**
 * `<data>/run/model-server.json`: where the built-in model server of a running Rockpool listens, and for which model it
 * was started. Gone when it is not wanted any more.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { removeFile, writeFileAtomic } from "../atomic-file.ts";
import type { DataFolder } from "../data-folder.ts";
import { systemCode } from "../host-error.ts";

const StateSchema = v.object({
  url: v.pipe(v.string(), v.url()),
  model: v.string(),
  /** Only while it listens. */
  pid: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

export type ModelServerState = v.InferOutput<typeof StateSchema>;

/** Undefined where none is wanted. A killed Rockpool leaves its last state behind. */
export function loadModelServerState(folder: DataFolder): ModelServerState | undefined {
  try {
    const parsed = v.safeParse(StateSchema, JSON.parse(readFileSync(stateFile(folder), "utf8")));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

export function writeModelServerState(folder: DataFolder, state: ModelServerState): void {
  writeFileAtomic(stateFile(folder), `${JSON.stringify(state)}\n`);
}

export function removeModelServerState(folder: DataFolder): void {
  removeFile(stateFile(folder));
}

function stateFile(folder: DataFolder): string {
  return join(folder.run, "model-server.json");
}
