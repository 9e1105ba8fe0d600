/** The 512-byte header of one regular file in a tar archive (POSIX ustar), to bytes and back. Pure. */

export const BLOCK_BYTES = 512;

/** What an entry may be called: relative, plain parts, none of them hidden or `..`. */
const PATH_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/;

/** Fields as [offset, length]. */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const USER_ID = [108, 8] as const;
const GROUP_ID = [116, 8] as const;
const SIZE = [124, 12] as const;
const MODIFIED = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE_OFFSET = 156;
const MAGIC = [257, 8] as const;
const PREFIX = [345, 155] as const;

const REGULAR_FILE = "0";
/** "ustar", a NUL, version "00". */
const MAGIC_TEXT = "ustar\u000000";
const OWNER_ONLY = 0o600;
/** The first byte of a size that is a big-endian number instead of octal digits (GNU and star). */
const BINARY_SIZE = 0x80;
const MAX_OCTAL_SIZE = 8 ** 11 - 1;

export interface EntryHeader {
  path: string;
  sizeBytes: number;
}

export function isSafePath(path: string): boolean {
  return PATH_PATTERN.test(path);
}

/** Throws a RangeError for a path that no header can hold. */
export function encodeHeader(entry: EntryHeader, modifiedAtMs: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const { name, prefix } = splitPath(entry.path);
  const text = (field: readonly [number, number], value: string) =>
    header.write(value, field[0], field[1], "latin1");
  const octal = (field: readonly [number, number], value: number) =>
    text(field, value.toString(8).padStart(field[1] - 1, "0"));
  text(NAME, name);
  text(PREFIX, prefix);
  octal(MODE, OWNER_ONLY);
  octal(USER_ID, 0);
  octal(GROUP_ID, 0);
  if (entry.sizeBytes <= MAX_OCTAL_SIZE) octal(SIZE, entry.sizeBytes);
  else {
    header[SIZE[0]] = BINARY_SIZE;
    header.writeBigUInt64BE(BigInt(entry.sizeBytes), SIZE[0] + 4);
  }
  octal(MODIFIED, Math.floor(modifiedAtMs / 1000));
  header.write(REGULAR_FILE, TYPE_OFFSET, "latin1");
  text(MAGIC, MAGIC_TEXT);
  text(CHECKSUM, `${checksum(header).toString(8).padStart(6, "0")}\0 `);
  return header;
}

/**
 * Undefined for anything but an intact header of a regular file whose path stays inside of the folder: links, folders,
 * devices, absolute paths and `..` among them.
 */
export function decodeHeader(header: Buffer): EntryHeader | undefined {
  const text = (field: readonly [number, number]) => readText(header, field);
  if (text(CHECKSUM).trim() !== checksum(header).toString(8).padStart(6, "0")) return undefined;
  if (header.toString("latin1", MAGIC[0], MAGIC[0] + MAGIC[1]) !== MAGIC_TEXT) return undefined;
  if (header.toString("latin1", TYPE_OFFSET, TYPE_OFFSET + 1) !== REGULAR_FILE) return undefined;
  const prefix = text(PREFIX);
  const path = prefix === "" ? text(NAME) : `${prefix}/${text(NAME)}`;
  const sizeBytes = readSize(header);
  return isSafePath(path) && sizeBytes !== undefined ? { path, sizeBytes } : undefined;
}

/** True for the block of zeros that ends an archive. */
export function isEndBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Zeros between the end of a file of this size and the next header. */
export function paddingBytes(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function splitPath(path: string): { name: string; prefix: string } {
  if (!isSafePath(path)) throw new RangeError("The path cannot stand in an archive.");
  if (path.length <= NAME[1]) return { name: path, prefix: "" };
  const cut = path.indexOf("/", path.length - NAME[1] - 1);
  if (cut < 0 || cut > PREFIX[1]) throw new RangeError("The path is too long for an archive.");
  return { name: path.slice(cut + 1), prefix: path.slice(0, cut) };
}

function readText(header: Buffer, [offset, length]: readonly [number, number]): string {
  const text = header.toString("latin1", offset, offset + length);
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function readSize(header: Buffer): number | undefined {
  if (header[SIZE[0]] === BINARY_SIZE) {
    const size = header.readBigUInt64BE(SIZE[0] + 4);
    return size <= Number.MAX_SAFE_INTEGER ? Number(size) : undefined;
  }
  const digits = readText(header, SIZE).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Sum of all bytes, the checksum's own counted as spaces. */
function checksum(header: Buffer): number {
  let sum = 0x20 * CHECKSUM[1];
  for (const [index, byte] of header.entries())
    if (index < CHECKSUM[0] || index >= CHECKSUM[0] + CHECKSUM[1]) sum += byte;
  return sum;
}
