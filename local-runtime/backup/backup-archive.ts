/**
 * A gzipped tar archive of regular files, written and read as streams: any `tar` opens it, and nothing but regular files
 * with plain relative paths goes in or comes out.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, createGzip } from "node:zlib";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import {
  BLOCK_BYTES,
  decodeHeader,
  type EntryHeader,
  encodeHeader,
  isEndBlock,
  paddingBytes,
} from "./backup-archive-header.ts";

const CHUNK_BYTES = 256 * 1024;
/** Sealed bytes do not compress; what does are the empty parts of databases, and those are runs of zeros. */
const GZIP_OPTIONS = { strategy: constants.Z_RLE, chunkSize: CHUNK_BYTES };
const OWNER_ONLY = 0o600;
/** Zeros that may follow the end: tar programs fill their last record with them. */
export const MAX_TRAILING_BYTES = 1024 * 1024;

export interface ArchiveSource extends EntryHeader {
  /** A file, or the bytes themselves. */
  content: { file: string } | Buffer;
}

/** Writes a new file, readable by its owner only, and puts it on the disk. Throws where the file exists. */
export async function writeArchive(
  path: string,
  entries: Iterable<ArchiveSource>,
  modifiedAtMs: number,
): Promise<void> {
  await pipeline(
    Readable.from(renderEntries(entries, modifiedAtMs)),
    createGzip(GZIP_OPTIONS),
    createWriteStream(path, { flags: "wx", mode: OWNER_ONLY, flush: true }),
  );
}

async function* renderEntries(entries: Iterable<ArchiveSource>, modifiedAtMs: number) {
  for (const entry of entries) {
    yield encodeHeader(entry, modifiedAtMs);
    let sizeBytes = 0;
    for await (const chunk of openContent(entry)) {
      sizeBytes += chunk.length;
      yield chunk;
    }
    if (sizeBytes !== entry.sizeBytes) throw new RangeError(`${entry.path} changed its size.`);
    yield Buffer.alloc(paddingBytes(entry.sizeBytes));
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function openContent({ content }: ArchiveSource): AsyncIterable<Buffer> | Buffer[] {
  return Buffer.isBuffer(content)
    ? [content]
    : createReadStream(content.file, { highWaterMark: CHUNK_BYTES });
}

export interface ArchiveEntry extends EntryHeader {
  /** The file's bytes. To be read to its end before the next entry. */
  content: AsyncIterable<Buffer>;
}

/**
 * Yields the entries in order. Throws backup/damaged for bytes that are no whole archive and for entries that are no
 * plain files; backup/unreadable.
 */
export async function* readArchive(path: string): AsyncGenerator<ArchiveEntry, void> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (error) => gunzip.destroy(unreadable(error)));
  const source = new BlockSource(file.pipe(gunzip));
  try {
    for (;;) {
      const block = await source.read(BLOCK_BYTES);
      if (isEndBlock(block)) break;
      const entry = decodeHeader(block);
      if (!entry) throw damaged("it holds something that is no plain file inside of it");
      yield { ...entry, content: source.stream(entry.sizeBytes) };
      await source.read(paddingBytes(entry.sizeBytes));
    }
    await source.drain();
  } finally {
    gunzip.destroy();
    file.destroy();
  }
}

/** Bytes of a stream by count. */
class BlockSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async read(sizeBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(sizeBytes)) parts.push(part);
    return Buffer.concat(parts);
  }

  async *stream(sizeBytes: number): AsyncGenerator<Buffer, void> {
    let missing = sizeBytes;
    while (missing > 0) {
      const part = (await this.#fill()).subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  /** Reads to the end, so that gzip's own checksum is seen; only zeros may follow the last entry. */
  async drain(): Promise<void> {
    let sizeBytes = 0;
    for (let chunk: Buffer | undefined = this.#rest; chunk; chunk = await this.#next()) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_TRAILING_BYTES || !isEndBlock(chunk))
        throw damaged("something follows its end");
    }
  }

  async #fill(): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const chunk = await this.#next();
      if (!chunk) throw damaged("it is cut off");
      this.#rest = chunk;
    }
    return this.#rest;
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (error) {
      throw isGzipError(error) ? damaged("it is cut off or no gzip file", error) : error;
    }
  }
}

function isGzipError(error: unknown): boolean {
  return systemCode(error)?.startsWith("Z_") ?? false;
}

function unreadable(error: Error): HostError {
  return new HostError({
    code: "backup/unreadable",
    message: `The archive cannot be read (${systemCode(error) ?? "unknown reason"}).`,
    fix: "Check that you may read it (ls -l), and that its disk is whole. Nothing was replaced.",
    exitStatus: EXIT.io,
    cause: error,
  });
}

export function damaged(what: string, cause?: unknown): HostError {
  return new HostError({
    code: "backup/damaged",
    message: `The archive is damaged or was changed: ${what}.`,
    fix: "Use another copy of it; nothing was replaced.",
    cause,
  });
}
