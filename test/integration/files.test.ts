/** Files of a conversation: sealed, in parts, and bounded. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { MAX_FILE_BYTES } from "../../src/core/chat-protocol.ts";
import type { SessionKey } from "../../src/core/ids.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { Files, MAX_STORE_BYTES } from "../../src/do/session/files.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { env, person } from "../support/integration.ts";

const file = (bytes: Uint8Array) =>
  ({
    personId: person.personId,
    kind: "file",
    name: "rhubarb.txt",
    mime: "text/plain",
    bytes,
  }) as const;

async function withFiles(test: (files: Files, sql: SqlStorage) => Promise<void>): Promise<void> {
  const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
  const keyring = await openKeyring(env);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    openSessionSchema(storage);
    await test(new Files(storage, keyring, "web:main:a" as SessionKey), storage.sql);
  });
}

describe("files", () => {
  it.for([0, 1, 1_048_576, 1_048_577])("of %i bytes come back as they were", (size, { expect }) =>
    withFiles(async (files) => {
      const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
      const kept = await files.keep(file(bytes), 1);
      expect(kept).toMatchObject({ kind: "file", name: "rhubarb.txt", sizeBytes: size });
      const stored = await files.read(kept.fileId ?? "");
      expect(new Uint8Array(await new Response(stored.body).arrayBuffer())).toEqual(bytes);
      expect(await files.describe(kept.fileId ?? "")).toEqual(kept);
    }),
  );

  it("keep neither name nor bytes in plain", ({ expect }) =>
    withFiles(async (files, sql) => {
      await files.keep(file(new TextEncoder().encode("rhubarb")), 1);
      const plain = new TextEncoder().encode("rhubarb").toHex();
      for (const table of ["files", "file_chunks"])
        expect(
          JSON.stringify(
            sql.exec(`SELECT hex(body) AS body FROM ${table}`).toArray(),
          ).toLowerCase(),
        ).not.toContain(plain);
    }));

  it("are as large as the limit, and no larger", ({ expect }) =>
    withFiles(async (files, sql) => {
      await expect(files.keep(file(new Uint8Array(MAX_FILE_BYTES + 1)), 1)).rejects.toMatchObject({
        code: "file/too_large",
        message: "The file is larger than this box keeps.",
      });
      expect(sql.exec("SELECT 1 FROM files").toArray()).toEqual([]);
      const kept = await files.keep(file(new Uint8Array(MAX_FILE_BYTES)), 1);
      expect(kept.sizeBytes).toBe(MAX_FILE_BYTES);
    }));

  it("fill a conversation's store, until they are forgotten", ({ expect }) =>
    withFiles(async (files, sql) => {
      await files.keep(file(new Uint8Array(10)), 1);
      sql.exec("UPDATE files SET size_bytes = ?", MAX_STORE_BYTES - 10);
      await expect(files.keep(file(new Uint8Array(11)), 1)).rejects.toMatchObject({
        code: "file/store_full",
        message: "This conversation keeps too many files.",
      });
      const both = [1, 2].map(() => files.keep(file(new Uint8Array(10)), 1));
      const ends = (await Promise.allSettled(both)).map((end) => end.status);
      expect(ends.toSorted()).toEqual(["fulfilled", "rejected"]);
      files.forget();
      expect(sql.exec("SELECT 1 FROM file_chunks").toArray()).toEqual([]);
      await files.keep(file(new Uint8Array(11)), 1);
    }));

  it("are unknown by a made-up id", ({ expect }) =>
    withFiles(async (files) => {
      expect(await files.describe("../../etc/passwd")).toBeUndefined();
      await expect(files.read("")).rejects.toMatchObject({ code: "file/unknown" });
    }));
});
