/** Log rows on their way into D1. */
import { describe, it } from "vitest";
import type { JournalEntry } from "../../src/core/journal.ts";
import { writeJournal } from "../../src/db/write-journal.ts";
import { env } from "../support/integration.ts";

const message = (id: string, seq: number): JournalEntry => ({
  kind: "message",
  id,
  sessionId: "web:main:a",
  seq,
  role: "user",
  personId: "p",
  channel: "web",
  turnId: "t",
  body: "AAAA",
  atMs: 1,
});

const turn = (id: string, outcome: string): JournalEntry => ({
  kind: "turn",
  id,
  sessionId: "web:main:a",
  personId: "p",
  channel: "web",
  outcome,
  code: null,
  startedAtMs: 1,
  endedAtMs: 2,
});

async function rows(table: string): Promise<Record<string, unknown>[]> {
  return (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results;
}

describe("writing the journal", () => {
  it("keeps one row however often it is written, with the last outcome", async ({ expect }) => {
    await writeJournal(env.DB, [message("m1", 1), turn("t1", "postponed")]);
    await writeJournal(env.DB, [message("m1", 1), turn("t1", "answered")]);
    expect(await rows("messages")).toHaveLength(1);
    expect(await rows("turns")).toMatchObject([{ id: "t1", outcome: "answered", code: null }]);
  });

  it("erases what a session said up to the point at which it was told to forget", async ({
    expect,
  }) => {
    await writeJournal(env.DB, [message("m1", 1), message("m2", 2), message("m3", 3)]);
    await writeJournal(env.DB, [{ kind: "forget", sessionId: "web:main:a", throughSeq: 2 }]);
    expect(await rows("messages")).toMatchObject([{ id: "m3" }]);
  });

  it("writes text of any kind as it is", async ({ expect }) => {
    const name = `O'Brien "助手" \\ \n \u0000 ${"x".repeat(5000)}`;
    await writeJournal(env.DB, [
      { kind: "person", id: "p9", role: "member", name, lang: "en", createdAtMs: 5 },
    ]);
    expect(await rows("people")).toMatchObject([{ id: "p9", name, created_at_ms: 5 }]);
  });

  it("takes a row that a build before wrote, which knew answers only, for one", async ({
    expect,
  }) => {
    const took = { promptTokens: 1, outputTokens: 2, firstTokenMs: 3, totalMs: 4, atMs: 5 };
    const before = { kind: "usage", turnId: "t9", personId: "p", model: "m", ...took };
    await writeJournal(env.DB, [before as JournalEntry]); // as such a build left it on disk
    expect(await rows("usage")).toMatchObject([{ turn_id: "t9", outcome: "answered" }]);
  });

  it("writes all of a batch or nothing", async ({ expect }) => {
    const broken = { ...turn("t2", "answered"), startedAtMs: null } as unknown as JournalEntry;
    await expect(writeJournal(env.DB, [message("m7", 7), broken])).rejects.toThrow(/NOT NULL/);
    expect((await rows("messages")).map((row) => row.id)).not.toContain("m7");
  });
});
