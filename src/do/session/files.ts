/** Files of a session: sealed in parts of a size that a row takes, bounded in number of bytes for each conversation. */
import { MAX_FILE_BYTES } from "../../core/chat-protocol.ts";
import { AppError } from "../../core/errors.ts";
import { type FileId, newId, type SessionKey } from "../../core/ids.ts";
import type { MediaKind, MediaRef } from "../../core/message.ts";
import type { NewFile, StoredFile } from "../../core/session-protocol.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

/** Bytes of files that one conversation keeps. */
export const MAX_STORE_BYTES = 200 * 1024 * 1024;
/** Files that are looked through for one that is wanted. */
const MAX_NEWEST = 50;
/** SQLite rows of an object hold two megabytes at most. */
const PART_BYTES = 1024 * 1024;

interface FileBody {
  name: string;
  mime: string;
}

interface StoredFileRow extends Record<string, SqlStorageValue> {
  kind: string;
  size_bytes: number;
  body: ArrayBuffer;
}

export class Files {
  readonly #storage: DurableObjectStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;

  constructor(storage: DurableObjectStorage, keyring: Keyring, session: SessionKey) {
    this.#storage = storage;
    this.#keyring = keyring;
    this.#session = session;
  }

  #place(id: string, part: number | "name"): string {
    return `files|${this.#session}|${id}|${part}`;
  }

  #usedBytes(): number {
    return this.#storage.sql
      .exec<{ n: number }>("SELECT coalesce(sum(size_bytes), 0) AS n FROM files")
      .one().n;
  }

  /** Throws file/store_full. */
  #verifyRoom(sizeBytes: number): void {
    if (this.#usedBytes() + sizeBytes > MAX_STORE_BYTES) throw new AppError("file/store_full");
  }

  /** Throws file/too_large, file/store_full. */
  async keep(file: NewFile, nowMs: number): Promise<MediaRef> {
    const sizeBytes = file.bytes.byteLength;
    if (sizeBytes > MAX_FILE_BYTES) throw new AppError("file/too_large");
    this.#verifyRoom(sizeBytes);
    const id = newId<FileId>();
    const body = await sealJson(
      this.#keyring,
      this.#place(id, "name"),
      {
        name: file.name,
        mime: file.mime,
      },
      file.personId,
    );
    const parts: Uint8Array[] = [];
    for (let start = 0; start < sizeBytes; start += PART_BYTES)
      parts.push(
        await this.#keyring.seal(
          this.#place(id, parts.length),
          file.bytes.subarray(start, start + PART_BYTES),
          file.personId,
        ),
      );
    this.#storage.transactionSync(() => {
      this.#verifyRoom(sizeBytes); // others may have been kept meanwhile
      const { sql } = this.#storage;
      sql.exec(
        "INSERT INTO files (id, kind, size_bytes, at_ms, body) VALUES (?, ?, ?, ?, ?)",
        id,
        file.kind,
        sizeBytes,
        nowMs,
        body,
      );
      for (const [part, sealed] of parts.entries())
        sql.exec(
          "INSERT INTO file_chunks (file_id, part, body) VALUES (?, ?, ?)",
          id,
          part,
          sealed,
        );
    });
    return { kind: file.kind, fileId: id, name: file.name, mime: file.mime, sizeBytes };
  }

  #find(id: string): StoredFileRow | undefined {
    return this.#storage.sql
      .exec<StoredFileRow>("SELECT kind, size_bytes, body FROM files WHERE id = ?", id)
      .toArray()[0];
  }

  /** What a message may say of a kept file; undefined for an id that is not here. */
  async describe(id: string): Promise<MediaRef | undefined> {
    const row = this.#find(id);
    if (!row) return undefined;
    const { name, mime } = await openJson<FileBody>(
      this.#keyring,
      this.#place(id, "name"),
      new Uint8Array(row.body),
    );
    return { kind: row.kind as MediaKind, fileId: id, name, mime, sizeBytes: row.size_bytes }; // written by keep() only
  }

  /** The newest files of the kind "file", as messages say of them. */
  async *newestFirst(): AsyncGenerator<MediaRef> {
    const rows = this.#storage.sql
      .exec<{ id: string }>(
        "SELECT id FROM files WHERE kind = 'file' ORDER BY at_ms DESC, id DESC LIMIT ?",
        MAX_NEWEST,
      )
      .toArray();
    for (const { id } of rows) {
      const described = await this.describe(id);
      if (described) yield described;
    }
  }

  /** Throws file/unknown. Parts are opened as the reader takes them. */
  async read(id: string): Promise<StoredFile> {
    const described = await this.describe(id);
    if (!described) throw new AppError("file/unknown");
    let part = 0;
    const body: ReadableStream<Uint8Array> = new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const [row] = this.#storage.sql
          .exec<{ body: ArrayBuffer }>(
            "SELECT body FROM file_chunks WHERE file_id = ? AND part = ?",
            id,
            part,
          )
          .toArray();
        if (!row) return controller.close();
        controller.enqueue(
          await this.#keyring.open(this.#place(id, part), new Uint8Array(row.body)),
        );
        part += 1;
      },
    });
    return {
      name: described.name ?? "file",
      mime: described.mime ?? "application/octet-stream",
      sizeBytes: described.sizeBytes ?? 0,
      body,
    };
  }

  drop(ids: readonly string[]): void {
    const gone = JSON.stringify(ids);
    const among = "(SELECT value FROM json_each(?))";
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(`DELETE FROM files WHERE id IN ${among}`, gone);
      this.#storage.sql.exec(`DELETE FROM file_chunks WHERE file_id IN ${among}`, gone);
    });
  }

  forget(): void {
    this.#storage.sql.exec("DELETE FROM files");
    this.#storage.sql.exec("DELETE FROM file_chunks");
  }
}
