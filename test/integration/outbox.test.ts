/** The outbox as a table: what is kept, what is sent next, and what a life of the object remembers besides. */
import { runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { AccountKey, SessionKey, TurnId } from "../../src/core/ids.ts";
import type { Target } from "../../src/core/message.ts";
import { type NewOutboxRow, Outbox } from "../../src/do/delivery/outbox.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { openSessionSchema } from "../../src/do/session/session-schema.ts";
import { env, person } from "../support/integration.ts";

const target: Target = { conversation: { id: "c", kind: "direct" } };
const telegram = "telegram:main" as AccountKey;
const turnId = "t" as TurnId;
const HOUR_MS = 3_600_000;

interface Bench {
  sql: SqlStorage;
  outbox: Outbox;
  /** The same table, as the next life of the object sees it. */
  reopen(): Outbox;
  put(key: string, given?: Partial<NewOutboxRow>, nowMs?: number): Promise<void>;
}

/** Runs inside an object that has nothing but the session's tables. */
async function withOutbox(test: (bench: Bench) => Promise<void>): Promise<void> {
  const stub = env.SESSION.getByName(`test:main:${crypto.randomUUID()}`);
  const keyring = await openKeyring(env);
  await runInDurableObject(stub, async (_instance, { storage }) => {
    openSessionSchema(storage);
    const { sql } = storage;
    const reopen = () => new Outbox(sql, keyring, "telegram:main:c" as SessionKey);
    const outbox = reopen();
    const put: Bench["put"] = async (key, given, nowMs = 0) => {
      const text = await outbox.seal(key, { markdown: `text of ${key}`, target }, person.personId);
      outbox.put({ ...text, turnId, account: telegram, state: "pending", ...given }, nowMs);
    };
    await test({ sql, outbox, reopen, put });
  });
}

function textOf(outbox: Outbox, nowMs = 0): Promise<string> | string {
  const next = outbox.next(nowMs);
  return next.status === "send" ? outbox.open(next.row).then((body) => body.markdown) : next.status;
}

describe("the outbox", () => {
  it("gives its rows in order, opened, also to the next life", ({ expect }) =>
    withOutbox(async ({ outbox, reopen, put }) => {
      await put("t:0");
      await put("t:1");
      expect(await textOf(outbox)).toBe("text of t:0");
      expect(await textOf(reopen())).toBe("text of t:0");
      const next = outbox.next(0);
      if (next.status === "send") outbox.markSent(next.row, "77");
      expect(await textOf(outbox)).toBe("text of t:1");
      expect(reopen().find("t:0")).toMatchObject({ state: "sent", ref: "77" });
    }));

  it("keeps no plain text", ({ expect }) =>
    withOutbox(async ({ sql, put }) => {
      await put("t:0");
      const rows = sql.exec("SELECT hex(body) AS body FROM outbox").toArray();
      expect(JSON.stringify(rows).toLowerCase()).not.toContain(
        new TextEncoder().encode("text of").toHex(),
      );
    }));

  it("does not send a turn's unfinished text, and sends the final one in its place", ({ expect }) =>
    withOutbox(async ({ outbox, put }) => {
      await put("t:0", { state: "live" });
      expect(outbox.next(0)).toEqual({ status: "idle" });
      outbox.setRef("t:0", "77");
      await put("u:0");
      expect(await textOf(outbox)).toBe("text of u:0");
      await put("t:0", { body: { markdown: "final", target } });
      expect(await textOf(outbox)).toBe("final");
      expect(outbox.find("t:0")).toMatchObject({ state: "pending", ref: "77" });
    }));

  it("never goes back from the final text to an unfinished one that comes late", ({ expect }) =>
    withOutbox(async ({ outbox, reopen, put }) => {
      await put("t:0", { state: "live" });
      await put("t:0", { state: "pending" });
      await put("t:0", { state: "live", body: { markdown: "late", target } });
      expect(await textOf(outbox)).toBe("text of t:0");
      expect(await textOf(reopen())).toBe("text of t:0");
    }));

  it("leaves alone what was sent or parked", ({ expect }) =>
    withOutbox(async ({ outbox, put }) => {
      for (const end of ["sent", "parked"] as const) {
        await put(end);
        const next = outbox.next(0);
        if (next.status !== "send") throw new Error("nothing to send");
        if (end === "sent") outbox.markSent(next.row, "77");
        else outbox.park(next.row);
        await put(end);
        expect(outbox.find(end)?.state).toBe(end);
      }
      expect(outbox.dueAtMs(0)).toBeUndefined();
    }));

  it("keeps an account's rows behind one that waits, and no other's", ({ expect }) =>
    withOutbox(async ({ outbox, put }) => {
      for (let index = 0; index < 60; index += 1) await put(`t:${index}`);
      const next = outbox.next(0);
      if (next.status === "send") outbox.retryAt(next.row.seq, 5_000);
      expect(outbox.next(4_999)).toEqual({ status: "wait", untilMs: 5_000 });
      expect(outbox.dueAtMs(4_999)).toBe(5_000);
      await put("v:0", { account: "webhook:main" as AccountKey });
      expect(await textOf(outbox, 4_999)).toBe("text of v:0");
      expect(outbox.dueAtMs(4_999)).toBe(4_999);
      expect(await textOf(outbox, 5_000)).toBe("text of t:0");
      expect(outbox.find("t:0")).toMatchObject({ attempts: 1 });
    }));

  it("knows in every life whether anything is open", ({ expect }) =>
    withOutbox(async ({ outbox, reopen, put }) => {
      expect(outbox.dueAtMs(7)).toBeUndefined();
      await put("t:0", { state: "live" });
      expect(outbox.dueAtMs(7)).toBeUndefined();
      await put("t:0");
      await put("t:0");
      for (const one of [outbox, reopen()]) expect(one.dueAtMs(7)).toBe(7);
      outbox.drop("t:0");
      for (const one of [outbox, reopen()]) expect(one.dueAtMs(7)).toBeUndefined();
    }));

  it("opens rows it has no room to remember", ({ expect }) =>
    withOutbox(async ({ outbox, put }) => {
      for (let index = 0; index < 150; index += 1) await put(`t:${index}`);
      for (let index = 0; index < 150; index += 1) {
        expect(await textOf(outbox)).toBe(`text of t:${index}`);
        const next = outbox.next(0);
        if (next.status === "send") outbox.markSent(next.row, `${index}`);
      }
    }));

  it("forgets what was sent, what is on its way, and that a sending row comes to its end", ({
    expect,
  }) =>
    withOutbox(async ({ outbox, put }) => {
      await put("t:0");
      await put("t:1");
      await put("t:2", { state: "live" });
      const next = outbox.next(0);
      outbox.forget();
      if (next.status === "send") outbox.markSent(next.row, "77");
      expect(outbox.ofTurn(turnId).map((row) => row.key)).toEqual(["t:2"]);
      expect(outbox.dueAtMs(0)).toBeUndefined();
      await put("t:3");
      expect(await textOf(outbox)).toBe("text of t:3");
    }));

  it("lets go of what was sent two days ago, and of nothing else", ({ expect }) =>
    withOutbox(async ({ sql, outbox, put }) => {
      await put("open");
      for (let index = 0; index < 20; index += 1) {
        await put(`sent:${index}`);
        const row = outbox.find(`sent:${index}`);
        if (row) outbox.markSent(row, "77");
      }
      for (let index = 0; index < 16; index += 1) await put(`new:${index}`, {}, 49 * HOUR_MS);
      const kept = sql.exec<{ key: string }>("SELECT key FROM outbox").toArray();
      expect(kept.filter(({ key }) => key.startsWith("sent"))).toEqual([]);
      expect(kept.map(({ key }) => key)).toContain("open");
    }));
});
