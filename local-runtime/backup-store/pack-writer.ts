/** Gathers chunks that are new into packs of some megabytes, and stores each pack encrypted. Holds one pack in memory. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { encryptTo } from "./envelope.ts";
import type { KnownChunk, KnownChunks, KnownPack } from "./known-chunks.ts";
import type { BoxKeys } from "./recovery-key.ts";
import { PACKS } from "./snapshot.ts";
import type { BackupStore } from "./store.ts";

/** SQLite changes pages in their places, so that pieces of a fixed size stay what they were. */
export const CHUNK_BYTES = 64 * 1024;
/** Of a pack's content. */
export const MAX_PACK_BYTES = 8 * 1024 * 1024;
/** Packing and encryption add little to what does not compress. */
export const MAX_PACK_OBJECT_BYTES = MAX_PACK_BYTES + 512 * 1024;

export class PackWriter {
  readonly #store: BackupStore;
  readonly #keys: BoxKeys;
  readonly #known: KnownChunks;
  /** Of this snapshot. */
  readonly chunks: KnownChunks = new Map();
  #pack = newPack();
  #parts: Buffer[] = [];
  addedBytes = 0;

  constructor(store: BackupStore, keys: BoxKeys, known: KnownChunks) {
    this.#store = store;
    this.#keys = keys;
    this.#known = known;
  }

  /** Answers where the chunk stands. Its pack is stored once {@link finish} settles. */
  async add(bytes: Buffer): Promise<KnownChunk> {
    const id = createHmac("sha256", this.#keys.chunkKey).update(bytes).digest("base64url");
    const known = this.chunks.get(id) ?? this.#known.get(id);
    if (known) {
      this.chunks.set(id, known);
      return known;
    }
    if (this.#pack.contentBytes + bytes.length > MAX_PACK_BYTES) await this.finish();
    const chunk = { pack: this.#pack, offset: this.#pack.contentBytes, length: bytes.length };
    this.#parts.push(Buffer.from(bytes));
    this.#pack.contentBytes += bytes.length;
    this.chunks.set(id, chunk);
    return chunk;
  }

  /** Stores the pack that is begun, if any. */
  async finish(): Promise<void> {
    if (this.#parts.length === 0) return;
    const pack = this.#pack;
    const object = await encryptTo(this.#keys.recipient, Buffer.concat(this.#parts));
    this.#pack = newPack();
    this.#parts = [];
    await this.#store.write(`${PACKS}/${pack.id}`, object);
    pack.sizeBytes = object.length;
    pack.sha256 = createHash("sha256").update(object).digest("hex");
    this.addedBytes += object.length;
  }
}

function newPack(): KnownPack {
  return { id: randomBytes(16).toString("hex"), sizeBytes: 0, sha256: "", contentBytes: 0 };
}
