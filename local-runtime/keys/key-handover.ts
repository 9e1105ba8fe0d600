/**
 * Master keys that are in no file, as workerd can embed them: files in memory without a name, open in this process only.
 * Nothing of them is on a disk, in an argument or in an environment.
 */
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { EXIT, HostError } from "../host-error.ts";

const MEMORY_FOLDER = "/dev/shm";

export class KeyHandover {
  #open: number[] = [];

  /** Paths under which this process's children read the keys, until the next call. Throws key/no_memory_folder. */
  lend(keys: readonly Uint8Array[]): string[] {
    this.close();
    this.#open = keys.map(openInMemory);
    return this.#open.map((fd) => `/proc/${process.pid}/fd/${fd}`);
  }

  close(): void {
    for (const fd of this.#open) closeSync(fd);
    this.#open = [];
  }
}

function openInMemory(key: Uint8Array): number {
  const path = `${MEMORY_FOLDER}/rockpool-${process.pid}-${crypto.randomUUID()}`;
  let fd: number;
  try {
    fd = openSync(path, "wx+", 0o600);
  } catch (cause) {
    throw new HostError({
      code: "key/no_memory_folder",
      message: `A master key that is in no file needs a folder in memory, and ${MEMORY_FOLDER} is none.`,
      fix: "Keep the master key in its file on this system.",
      exitStatus: EXIT.config,
      cause,
    });
  }
  unlinkSync(path);
  writeSync(fd, key);
  return fd;
}
