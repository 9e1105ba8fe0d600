/** Runs the program that opens one file: its time, its memory and its answer are bounded, and it reads nothing but code. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FileWork } from "../../src/core/file-reader-protocol.ts";

/** For one file. */
export const READ_MS = 20_000;
/** Held by the system, also where nobody is left to end the program. */
const CPU_SECONDS = 40;
/** Heap of the program; pixels lie outside of it, and are bounded before they are decoded. */
const HEAP_MEGABYTES = 256;
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Where memory is short, Linux ends what has the highest score. */
const FIRST_TO_GO = "1000";
/** What the program reads: its own code. */
const READABLE = ["local-runtime/file-reader", "src/core", "node_modules", "package.json"];

/** Undefined for a file that it could not read within its limits. */
export async function runReader(
  root: string,
  work: FileWork,
  bytes: Uint8Array,
  timeoutMs = READ_MS,
): Promise<Uint8Array | undefined> {
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      `ulimit -t ${CPU_SECONDS}; exec "$0" "$@"`,
      process.execPath,
      "--permission",
      ...READABLE.map((path) => `--allow-fs-read=${join(root, path)}`),
      `--max-old-space-size=${HEAP_MEGABYTES}`,
      "--no-warnings",
      join(root, "local-runtime", "file-reader", "reader.ts"),
      work,
    ],
    { stdio: ["pipe", "pipe", "ignore"], env: {}, cwd: root },
  );
  if (child.pid !== undefined) lowerStanding(child.pid);
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const chunks: Uint8Array[] = [];
  let length = 0;
  child.stdout.on("data", (chunk: Uint8Array) => {
    length += chunk.byteLength;
    if (length > MAX_ANSWER_BYTES) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
    child.once("error", () => resolve(null));
  });
  child.stdin.on("error", () => undefined); // it may have ended before it took the whole file
  child.stdin.end(bytes);
  const code = await ended;
  clearTimeout(timer);
  return code === 0 ? new Uint8Array(Buffer.concat(chunks)) : undefined;
}

function lowerStanding(pid: number): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_GO);
  } catch {
    // A system that does not let us: the limits above stand.
  }
}
