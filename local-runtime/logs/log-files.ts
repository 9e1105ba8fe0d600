/** The log files, read: the newest lines, and those that come while one watches, across the files' rotation. */
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOG_FILE_NAME, MAX_LOG_FILES } from "./rotating-log.ts";

const POLL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** At most `count` of the newest lines that `accept` takes, oldest first. Reads no more files than it must. */
export function readLastLines(
  logsDir: string,
  count: number,
  accept: (line: string) => boolean,
): string[] {
  const found: string[] = [];
  for (let age = 0; age < MAX_LOG_FILES && found.length < count; age += 1) {
    const path = join(logsDir, age === 0 ? LOG_FILE_NAME : `${LOG_FILE_NAME}.${age}`);
    if (!existsSync(path)) continue;
    const lines = readFileSync(path, "utf8").split("\n").filter(isLine).filter(accept);
    found.unshift(...lines.slice(-(count - found.length)));
  }
  return found;
}

/**
 * Yields each line that is written from now on, until the signal fires. A file that was rotated is read to its end
 * before the next one is begun.
 */
export async function* followLines(
  logsDir: string,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const path = join(logsDir, LOG_FILE_NAME);
  let reader = existsSync(path) ? new TailReader(path, statSync(path).size) : undefined;
  try {
    while (!signal.aborted) {
      const isReplaced = reader?.isReplaced() ?? existsSync(path);
      if (reader) yield* reader.read();
      if (isReplaced) {
        reader?.close();
        reader = new TailReader(path, 0);
      } else await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    reader?.close();
  }
}

class TailReader {
  readonly #path: string;
  readonly #file: number;
  readonly #inode: number;
  #position: number;
  /** Bytes of a line that is not at its end yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, position: number) {
    this.#path = path;
    this.#file = openSync(path, "r");
    this.#inode = fstatSync(this.#file).ino;
    this.#position = position;
  }

  /** True where another file has this one's name. */
  isReplaced(): boolean {
    const present = statSync(this.#path, { throwIfNoEntry: false });
    return present !== undefined && present.ino !== this.#inode;
  }

  *read(): Generator<string, void> {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const sizeBytes = readSync(this.#file, chunk, 0, CHUNK_BYTES, this.#position);
      if (sizeBytes === 0) return;
      this.#position += sizeBytes;
      const bytes = Buffer.concat([this.#rest, chunk.subarray(0, sizeBytes)]);
      const end = bytes.lastIndexOf("\n") + 1;
      this.#rest = bytes.subarray(end);
      yield* bytes.toString("utf8", 0, end).split("\n").filter(isLine);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function isLine(text: string): boolean {
  return text !== "";
}
