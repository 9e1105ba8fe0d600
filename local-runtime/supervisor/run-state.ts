/**
 * `<data>/run/state.json`: what a running server tells the other commands about itself. Replaced atomically at each start
 * of workerd; its generation rises each time, so that a client can wait for the next one.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { removeFile, writeFileAtomic } from "../atomic-file.ts";
import { systemCode } from "../host-error.ts";

const RunStateSchema = v.object({
  /** The supervisor. */
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  workerdPid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Address that the server answers at, without a slash at its end. */
  url: v.string(),
  /** The same for the browser of this machine; servers of before have none. */
  pageUrl: v.exactOptional(v.string()),
  /** Where programs with an API key call, where that is a listener of its own. */
  apiUrl: v.exactOptional(v.string()),
  /** Path of the admin socket, absolute. */
  adminSocket: v.string(),
  startedAtMs: v.number(),
  generation: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

export type RunState = v.InferOutput<typeof RunStateSchema>;

function runStatePath(dataDir: string): string {
  return join(dataDir, "run", "state.json");
}

/** The last state that was written; undefined where there is none or it cannot be understood. */
export function loadRunState(dataDir: string): RunState | undefined {
  try {
    const parsed = v.safeParse(
      RunStateSchema,
      JSON.parse(readFileSync(runStatePath(dataDir), "utf8")),
    );
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

export function writeRunState(dataDir: string, state: RunState): void {
  writeFileAtomic(runStatePath(dataDir), `${JSON.stringify(state)}\n`);
}

export function removeRunState(dataDir: string): void {
  removeFile(runStatePath(dataDir));
}
