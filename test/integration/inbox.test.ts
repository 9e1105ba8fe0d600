/** The inbox as a table: claims, order within a lane, and what the next life of the object knows of it. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { PersonId, TurnId } from "../../src/core/ids.ts";
import { CLAIM_MS, Inbox, type Lane, MAX_QUEUED } from "../../src/do/session/inbox.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { env } from "../support/integration.ts";

const ada = "ada" as PersonId;
const bob = "bob" as PersonId;

interface Bench {
  sql: SqlStorage;
  inbox: Inbox;
  reopen(): Inbox;
  claim(key: string, lane?: Lane, personId?: PersonId, nowMs?: number): string;
}

/** Runs inside an object that has nothing but the session's tables. */
async function withInbox(test: (bench: Bench) => Promise<void> | void): Promise<void> {
  const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    openSessionSchema(storage);
    const { sql } = storage;
    const inbox = new Inbox(sql);
    const claim: Bench["claim"] = (key, lane = "turn", personId = ada, nowMs = 0) => {
      const turnId = `turn of ${key}` as TurnId;
      return inbox.claim({ key, lane, turnId, personId, messageRef: `ref of ${key}` }, nowMs);
    };
    await test({ sql, inbox, reopen: () => new Inbox(sql), claim });
  });
}

function headOf(inbox: Inbox, lane: Lane = "turn"): string | undefined {
  return inbox.head(lane)?.turnId;
}

describe("the inbox", () => {
  it("takes a key once, whatever became of it", ({ expect }) =>
    withInbox(({ inbox, claim }) => {
      expect([claim("a"), claim("a")]).toEqual(["accepted", "duplicate"]);
      inbox.finish(inbox.head("turn")?.seq ?? 0);
      expect(claim("a")).toBe("duplicate");
      expect(inbox.queued("turn")).toBe(0);
    }));

  it("gives the rows of each lane in order, also to the next life", ({ expect }) =>
    withInbox(({ inbox, reopen, claim }) => {
      for (const [key, lane] of [
        ["a", "turn"],
        ["b", "command"],
        ["c", "turn"],
      ] as const)
        claim(key, lane);
      for (const one of [inbox, reopen()]) {
        expect(headOf(one)).toBe("turn of a");
        expect(headOf(one, "command")).toBe("turn of b");
        expect([one.queued("turn"), one.queued("command")]).toEqual([2, 1]);
      }
      inbox.finish(inbox.head("turn")?.seq ?? 0);
      expect(headOf(inbox)).toBe("turn of c");
    }));

  it("keeps a lane behind its oldest row, until that is hastened or done", ({ expect }) =>
    withInbox(({ inbox, claim }) => {
      claim("a");
      claim("b");
      const { seq = 0 } = inbox.head("turn") ?? {};
      inbox.postpone(seq, 5_000);
      expect(inbox.head("turn")).toMatchObject({ seq, nextAtMs: 5_000, attempts: 1 });
      inbox.hasten(seq);
      expect(inbox.head("turn")).toMatchObject({ seq, nextAtMs: 0, attempts: 1 });
    }));

  it("takes out what one person has waiting, or everybody, and no command", ({ expect }) =>
    withInbox(({ inbox, reopen, claim }) => {
      claim("a", "turn", ada);
      claim("b", "turn", bob);
      claim("c", "turn", ada);
      claim("d", "command", ada);
      expect(inbox.countOf(ada)).toBe(2);
      expect(inbox.cancel(ada).map((row) => row.turnId)).toEqual(["turn of a", "turn of c"]);
      expect(headOf(inbox)).toBe("turn of b");
      expect(inbox.cancel().map((row) => row.turnId)).toEqual(["turn of b"]);
      for (const one of [inbox, reopen()])
        expect([one.queued("turn"), one.queued("command")]).toEqual([0, 1]);
      expect(inbox.cancel()).toEqual([]);
    }));

  it("leaves a cancelled row cancelled when its work ends", ({ expect }) =>
    withInbox(({ inbox, reopen, claim }) => {
      claim("a");
      const { seq = 0 } = inbox.head("turn") ?? {};
      inbox.cancel();
      inbox.finish(seq);
      expect(inbox.isQueued(seq)).toBe(false);
      expect([inbox.queued("turn"), reopen().queued("turn")]).toEqual([0, 0]);
      expect(inbox.turnOf("a")).toEqual({ turnId: "turn of a", isOpen: false });
    }));

  it("finds the row of a message that was edited, while it waits", ({ expect }) =>
    withInbox(({ inbox, claim }) => {
      claim("a");
      expect(inbox.findEdited("ref of a")?.turnId).toBe("turn of a");
      expect(inbox.findEdited("ref of b")).toBeUndefined();
      inbox.finish(inbox.head("turn")?.seq ?? 0);
      expect(inbox.findEdited("ref of a")).toBeUndefined();
    }));

  it(`is full at ${MAX_QUEUED} rows of a lane, and still knows a repeat`, ({ expect }) =>
    withInbox(({ inbox, claim }) => {
      for (let index = 0; index < MAX_QUEUED; index += 1) claim(`${index}`);
      expect(claim("one more")).toBe("full");
      expect(claim("0")).toBe("duplicate");
      expect(claim("a command", "command")).toBe("accepted");
      inbox.finish(inbox.head("turn")?.seq ?? 0);
      expect(claim("one more")).toBe("accepted");
    }));

  it("lets go of claims after two days, and never of what waits", ({ expect }) =>
    withInbox(({ sql, inbox, claim }) => {
      claim("waits");
      for (let index = 0; index < 30; index += 1) {
        claim(`done ${index}`, "command");
        inbox.finish(inbox.head("command")?.seq ?? 0);
      }
      for (let index = 0; index < 16; index += 1) claim(`new ${index}`, "turn", ada, CLAIM_MS);
      expect(claim("done 29", "turn", ada, CLAIM_MS)).toBe("duplicate");
      for (let index = 0; index < 16; index += 1) claim(`late ${index}`, "turn", ada, CLAIM_MS + 1);
      expect(sql.exec("SELECT key FROM inbox WHERE key LIKE 'done %'").toArray()).toEqual([]);
      expect(headOf(inbox)).toBe("turn of waits");
    }));
});
