/**
 * The log files `rockpool.log`, `rockpool.log.1` (younger) … `.4` (oldest). Bounded in number and size. A full disk costs
 * lines, never the server.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../host-error.ts";

export const LOG_FILE_NAME = "rockpool.log";
const MAX_LOG_FILE_BYTES = 10 * 1024 * 1024;
export const MAX_LOG_FILES = 5;

export class RotatingLog {
  readonly #path: string;
  readonly #maxFileBytes: number;
  #file: number;
  #sizeBytes: number;
  #lostLines = 0;

  constructor(dir: string, maxFileBytes: number = MAX_LOG_FILE_BYTES) {
    this.#path = join(dir, LOG_FILE_NAME);
    this.#maxFileBytes = maxFileBytes;
    this.#file = openSync(this.#path, "a", 0o600);
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  /** Lines that could not be written since the log was opened. */
  get lostLines(): number {
    return this.#lostLines;
  }

  /** Appends one line. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      if (this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#maxFileBytes)
        this.#rotate();
      this.#sizeBytes += writeSync(this.#file, bytes);
    } catch {
      this.#lostLines += 1;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    for (let age = MAX_LOG_FILES - 1; age > 0; age -= 1) {
      const younger = age === 1 ? this.#path : `${this.#path}.${age - 1}`;
      renameIfThere(younger, `${this.#path}.${age}`);
    }
    const next = openSync(this.#path, "a", 0o600);
    closeSync(this.#file);
    this.#file = next;
    this.#sizeBytes = fstatSync(next).size;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
