/** The SHA-256 of a file of any size. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** One buffer for the whole file: a supervisor keeps the memory that it was once given. */
const CHUNK_BYTES = 256 * 1024;

/** Hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
