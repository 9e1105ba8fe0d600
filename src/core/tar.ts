/** A tar archive of regular files (POSIX ustar), as bytes: any `tar` opens it. Pure. */

const BLOCK_BYTES = 512;
/** What an octal field of eleven digits holds. */
const MAX_SIZE_BYTES = 8 ** 11 - 1;
const PATH_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,98}$/;
const SPACES = 0x20 * 8;

const encoder = new TextEncoder();

/** Throws a RangeError for a path or a size that no header can hold. */
export function tarHeader(path: string, sizeBytes: number, modifiedAtMs: number): Uint8Array {
  if (!PATH_PATTERN.test(path) || path.includes("..") || sizeBytes > MAX_SIZE_BYTES)
    throw new RangeError("The file cannot stand in an archive.");
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string) => header.set(encoder.encode(text), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, path);
  put(100, octal(0o600, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(sizeBytes, 11));
  put(136, octal(Math.floor(modifiedAtMs / 1000), 11));
  put(156, "0");
  put(257, "ustar\u000000");
  const sum = header.reduce((total, byte) => total + byte, SPACES);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}

/** Zeros after a file of this size. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** The end of an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK_BYTES);
}
