/**
 * One file out of a ZIP archive, which may be hostile: sizes that it states are not believed, nothing outside of its bytes
 * is read, and no more is unpacked than was asked for.
 */

const END_MARK = 0x06054b50;
const ENTRY_MARK = 0x02014b50;
const LOCAL_MARK = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 0xffff;
/** Entries that are looked at. */
const MAX_ENTRIES = 4_000;
const ENCRYPTED = 1;

export interface Unpacked {
  bytes: Uint8Array;
  /** There was more than `maxBytes`. */
  isCut: boolean;
}

interface Entry {
  method: number;
  packedBytes: number;
  offset: number;
}

/** Undefined where there is no such file in it, or one that cannot be unpacked. */
export async function unpackEntry(
  archive: Uint8Array,
  name: string,
  maxBytes: number,
): Promise<Unpacked | undefined> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const entry = findEntry(view, name);
  const packed = entry && packedBytesOf(archive, view, entry);
  if (!packed) return undefined;
  if (entry.method === 0)
    return { bytes: packed.subarray(0, maxBytes), isCut: packed.length > maxBytes };
  return entry.method === 8 ? inflate(packed, maxBytes) : undefined;
}

/** By the archive's list of files, which stands at its end. */
function findEntry(view: DataView, name: string): Entry | undefined {
  const end = findEnd(view);
  if (end === undefined) return undefined;
  const count = Math.min(MAX_ENTRIES, view.getUint16(end + 10, true));
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index += 1) {
    if (at + ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== ENTRY_MARK)
      return undefined;
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    );
    const nameAt = at + ENTRY_BYTES;
    if (readName(view, nameAt, nameBytes ?? 0) === name) return readEntry(view, at);
    at = nameAt + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return undefined;
}

function findEnd(view: DataView): number | undefined {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT_BYTES; at -= 1)
    if (view.getUint32(at, true) === END_MARK) return at;
  return undefined;
}

function readName(view: DataView, at: number, length: number): string | undefined {
  if (at + length > view.byteLength) return undefined;
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
}

function readEntry(view: DataView, at: number): Entry | undefined {
  if (view.getUint16(at + 8, true) & ENCRYPTED) return undefined;
  return {
    method: view.getUint16(at + 10, true),
    packedBytes: view.getUint32(at + 20, true),
    offset: view.getUint32(at + 42, true),
  };
}

function packedBytesOf(
  archive: Uint8Array,
  view: DataView,
  { offset, packedBytes }: Entry,
): Uint8Array | undefined {
  const isHere =
    offset + LOCAL_BYTES <= view.byteLength && view.getUint32(offset, true) === LOCAL_MARK;
  if (!isHere) return undefined;
  const start =
    offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const end = start + packedBytes;
  return end <= archive.byteLength ? archive.subarray(start, end) : undefined;
}

/** Stops unpacking where enough has come out: what a small archive blows up to is never held. */
async function inflate(packed: Uint8Array, maxBytes: number): Promise<Unpacked | undefined> {
  const stream: ReadableStream<Uint8Array> = new Blob([new Uint8Array(packed)])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const reader: ReadableStreamDefaultReader<Uint8Array> = stream.getReader();
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: bytes.subarray(0, length), isCut: false };
      const room = maxBytes - length;
      bytes.set(value.subarray(0, room), length);
      length += Math.min(room, value.length);
      if (value.length > room) return { bytes, isCut: true };
    }
  } catch {
    return undefined; // not packed as it says
  } finally {
    await reader.cancel().catch(() => undefined); // it may have ended by itself
  }
}
