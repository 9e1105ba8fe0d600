/** Log rows between an object and D1: no crash and no failure loses one or writes it twice. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { JournalEntry, MessageEntry } from "../../src/core/journal.ts";
import { writeJournal } from "../../src/db/write-journal.ts";
import { BATCH_ROWS, JournalRows, type MessageLog } from "../../src/do/journal/journal-rows.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { env } from "../support/integration.ts";

const turn = (id: string): JournalEntry => ({
  kind: "turn",
  id,
  sessionId: "web:main:a",
  personId: "p",
  channel: "web",
  outcome: "answered",
  code: null,
  startedAtMs: 1,
  endedAtMs: 2,
});

/** Messages 1 to `count`; how far D1 has them is kept as a session keeps it. */
class MemoryMessages implements MessageLog {
  count = 0;
  kept = 0;

  newestSeq() {
    return this.count;
  }

  entriesAfter(seq: number, limit: number): MessageEntry[] {
    const length = Math.min(limit, Math.max(0, this.count - seq));
    return Array.from({ length }, (_, index) => ({
      kind: "message",
      id: `m${seq + index + 1}`,
      sessionId: "web:main:a",
      seq: seq + index + 1,
      role: "user",
      personId: "p",
      channel: "web",
      turnId: "t",
      body: "AAAA",
      atMs: 1,
    }));
  }

  flushedSeq() {
    return this.kept;
  }

  keepFlushedSeq(seq: number) {
    this.kept = seq;
  }
}

interface Bench {
  messages: MessageLog & MemoryMessages;
  rows: JournalRows;
  /** The same table, as the next life of the object sees it. */
  reopen(): JournalRows;
  /** Hands everything over; what D1 was given, by id. */
  drain(rows: JournalRows): Promise<string[]>;
  count(): number;
}

async function withRows(test: (bench: Bench) => Promise<void>): Promise<void> {
  const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    openSessionSchema(storage);
    const { sql } = storage;
    const messages = new MemoryMessages();
    const reopen = () => new JournalRows(sql, messages);
    await test({
      messages,
      rows: reopen(),
      reopen,
      async drain(rows) {
        const given: string[] = [];
        while (!rows.isEmpty)
          await rows.flush(async (entries) => void given.push(...entries.map(idOf)));
        return given;
      },
      count: () => sql.exec<{ n: number }>("SELECT count(*) AS n FROM journal").one().n,
    });
  });
}

function idOf(entry: JournalEntry): string {
  if (entry.kind === "forget") return `forget ${entry.throughSeq}`;
  if (entry.kind === "erase") return `erase ${entry.personIds.join()}`;
  return entry.kind === "usage" ? entry.turnId : entry.id;
}

describe("journal rows", () => {
  it("are handed over in order, messages first, and let go with the next commit", ({ expect }) =>
    withRows(async ({ messages, rows, drain, count }) => {
      messages.count = 2;
      rows.add(turn("t1"), turn("t2"));
      rows.add(turn("t3"));
      expect(rows.isEmpty).toBe(false);
      expect(await drain(rows)).toEqual(["m1", "m2", "t1", "t2", "t3"]);
      expect(rows).toMatchObject({ isEmpty: true, backlog: 0 });
      expect(count()).toBe(2);
      rows.prune();
      expect(count()).toBe(0);
      expect(messages.kept).toBe(2);
    }));

  it("come again after a crash between D1 and the letting go", ({ expect }) =>
    withRows(async ({ messages, rows, reopen, drain }) => {
      messages.count = 1;
      rows.add(turn("t1"));
      await drain(rows);
      const next = reopen();
      expect(next.isEmpty).toBe(false);
      expect(await drain(next)).toEqual(["m1", "t1"]);
      next.prune();
      expect(reopen().isEmpty).toBe(true);
    }));

  it("stay when D1 does not take them", ({ expect }) =>
    withRows(async ({ messages, rows, drain }) => {
      messages.count = 1;
      rows.add(turn("t1"));
      const refused = rows.flush(async () => {
        throw new Error("no D1");
      });
      await expect(refused).rejects.toThrow("no D1");
      rows.prune();
      expect(rows).toMatchObject({ isEmpty: false, backlog: 1 });
      expect(await drain(rows)).toEqual(["m1", "t1"]);
    }));

  it("that come while others are on their way are handed over next", ({ expect }) =>
    withRows(async ({ messages, rows, drain, count }) => {
      messages.count = 1;
      rows.add(turn("t1"));
      const { promise, resolve } = Promise.withResolvers<void>();
      const first = rows.flush(() => promise);
      rows.add(turn("t2"));
      messages.count = 2;
      resolve();
      await first;
      expect(rows).toMatchObject({ isEmpty: false, backlog: 1 });
      expect(await drain(rows)).toEqual(["m2", "t2"]);
      rows.add(turn("t3"));
      expect(count()).toBe(1);
    }));

  it("travel in batches of a bounded number", ({ expect }) =>
    withRows(async ({ messages, rows }) => {
      const total = BATCH_ROWS + 1;
      messages.count = total;
      for (let index = 0; index < total; index += 1) rows.add(turn(`t${index}`));
      const sizes: number[] = [];
      while (!rows.isEmpty) await rows.flush(async (entries) => void sizes.push(entries.length));
      expect(sizes).toEqual([2 * BATCH_ROWS, 2]);
    }));

  it("reach D1 also where they hold more text than it takes at once", async ({ expect }) => {
    const messages = new MemoryMessages();
    messages.count = BATCH_ROWS;
    const body = "A".repeat(100_000);
    const entries = messages.entriesAfter(0, BATCH_ROWS).map((entry) => ({ ...entry, body }));
    await writeJournal(env.DB, entries);
    const { results } = await env.DB.prepare(
      "SELECT count(*) AS n, sum(length(body)) AS units FROM messages",
    ).all();
    expect(results).toEqual([{ n: BATCH_ROWS, units: BATCH_ROWS * body.length }]);
  });

  it("of messages that were erased are not handed over, and the erasure is", ({ expect }) =>
    withRows(async ({ messages, rows, reopen, drain }) => {
      messages.count = 5;
      rows.skipMessages();
      rows.add({ kind: "forget", sessionId: "web:main:a", throughSeq: 5 });
      messages.count = 6;
      expect(await drain(reopen())).toEqual(["m6", "forget 5"]);
      expect(await drain(rows)).toEqual(["m6", "forget 5"]);
    }));

  it("that were on their way when they were erased are followed by the erasure", ({ expect }) =>
    withRows(async ({ messages, rows, drain }) => {
      messages.count = 3;
      const { promise, resolve } = Promise.withResolvers<void>();
      const flushing = rows.flush(() => promise);
      rows.skipMessages();
      rows.add({ kind: "forget", sessionId: "web:main:a", throughSeq: 3 });
      resolve();
      await flushing;
      expect(await drain(rows)).toEqual(["forget 3"]);
      expect(messages.kept).toBe(3);
    }));

  it("work without messages, as the directory's do", ({ expect }) =>
    withRows(async ({ drain }) => {
      const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
      await runInDurableObject(stub, async (_instance, { storage }) => {
        openSessionSchema(storage);
        const rows = new JournalRows(storage.sql);
        expect(rows.isEmpty).toBe(true);
        rows.add(turn("t1"));
        expect(await drain(rows)).toEqual(["t1"]);
      });
    }));
});
