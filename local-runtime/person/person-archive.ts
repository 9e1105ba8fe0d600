/** The files of an export, out of its archive or its folder, one at a time. */
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BLOCK_BYTES,
  decodeHeader,
  isEndBlock,
  paddingBytes,
} from "../backup/backup-archive-header.ts";
import { HostError } from "../host-error.ts";

export interface ExportFile {
  path: string;
  bytes: Buffer;
}

/** A file of a conversation has 20 MB at most; a page of messages less. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Throws person/bad_export for what is no such archive, or not a whole one. */
export async function* readArchive(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ExportFile, void> {
  const reader = new BlockReader(chunks);
  for (;;) {
    const header = await reader.take(BLOCK_BYTES);
    if (isEndBlock(header)) return;
    const entry = decodeHeader(header);
    if (!entry || entry.sizeBytes > MAX_FILE_BYTES) throw badExport();
    const bytes = await reader.take(entry.sizeBytes);
    await reader.take(paddingBytes(entry.sizeBytes));
    yield { path: entry.path, bytes };
  }
}

class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async take(sizeBytes: number): Promise<Buffer> {
    while (this.#heldBytes < sizeBytes) {
      const { done, value } = await this.#chunks.next();
      if (done) throw badExport();
      this.#held.push(Buffer.from(value));
      this.#heldBytes += value.length;
    }
    const whole = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held);
    const all = whole ?? Buffer.alloc(0);
    this.#held = [all.subarray(sizeBytes)];
    this.#heldBytes = all.length - sizeBytes;
    return all.subarray(0, sizeBytes);
  }
}

/** Every file of the folder; links are not followed. */
export async function* readFolder(root: string): AsyncGenerator<ExportFile, void> {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) throw badExport();
    const name = path.slice(root.length).replaceAll("\\", "/").replace(/^\//, "");
    yield { path: name, bytes: readFileSync(path) };
  }
}

export async function* readFile(path: string): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of createReadStream(path)) yield chunk as Uint8Array; // no encoding was set: chunks are bytes
}

export function badExport(): HostError {
  return new HostError({
    code: "person/bad_export",
    message: "This is no export of a person, or only a part of one.",
    fix: "Name the folder or the .tar file that `npx rockpool person export` wrote, or make it again.",
  });
}
