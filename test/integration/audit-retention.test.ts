/** What is over its time: audit entries, accesses, and messages of conversations. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, it, vi } from "vitest";
import { type AuditEvent, auditEvent, NO_ACTOR } from "../../src/core/audit.ts";
import { digestedText, FIRST_DIGEST } from "../../src/core/audit-record.ts";
import type { PersonId } from "../../src/core/ids.ts";
import type { AuditObject } from "../../src/do/audit/audit.ts";
import { isCheckpointDue, sendCheckpoint } from "../../src/do/audit/audit-checkpoints.ts";
import { AuditLog } from "../../src/do/audit/audit-log.ts";
import { KEEP_AUDIT_MS, MAX_PRUNED, pruneLog } from "../../src/do/audit/audit-retention.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { digestText } from "../../src/security/audit-signer.ts";
import { env } from "../support/integration.ts";
import { until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 21, 12);

function event(atMs: number): AuditEvent {
  return { ...auditEvent("apikey.created", NO_ACTOR), atMs };
}

/** Each test has a log of its own. */
async function withLog(test: (log: AuditLog, sql: SqlStorage) => Promise<void>): Promise<void> {
  const keyring = await openKeyring(env);
  const audit = env.AUDIT.getByName(crypto.randomUUID());
  await runInDurableObject(audit, async (_instance, { storage }) => {
    const log = await AuditLog.open({ storage, keyring, zone: "UTC", nowMs: () => NOW_MS });
    await test(log, storage.sql);
  });
}

describe("the audit log", () => {
  it("lets go what is older than 180 days, and leaves a signed anchor and an entry", async ({
    expect,
  }) =>
    withLog(async (log) => {
      const oldMs = NOW_MS - KEEP_AUDIT_MS - DAY_MS;
      await log.append([event(oldMs), event(oldMs), event(NOW_MS - DAY_MS)]);
      const second = log.rows.after(1, 1)[0];
      const pruned = await pruneLog(log, NOW_MS, "UTC");
      expect(pruned).toEqual({ status: "pruned", throughSeq: 2, more: false });
      const [first, entry] = log.rows.after(0, 10);
      const anchor = log.rows.anchor();
      expect(anchor?.through_seq).toBe(2);
      expect(anchor?.digest).toBe(second && (await digestText(digestedText(second))));
      expect(first).toMatchObject({ seq: 3, previous: anchor?.digest });
      expect(entry).toMatchObject({
        action_type: "audit.pruned",
        metadata: { throughSeq: 2, entries: 2 },
      });
      expect(await pruneLog(log, NOW_MS, "UTC")).toEqual({ status: "nothing" });
    }));

  it("lets go a bounded number at once, and says that there is more", async ({ expect }) =>
    withLog(async (log) => {
      const old = () => event(NOW_MS - 2 * KEEP_AUDIT_MS);
      for (let left = MAX_PRUNED + 10; left > 0; left -= 1_000)
        await log.append(Array.from({ length: Math.min(left, 1_000) }, old));
      const first = await pruneLog(log, NOW_MS, "UTC");
      expect(first).toEqual({ status: "pruned", throughSeq: MAX_PRUNED, more: true });
      const second = await pruneLog(log, NOW_MS, "UTC");
      expect(second).toEqual({ status: "pruned", throughSeq: MAX_PRUNED + 10, more: false });
    }));

  it("keeps what is to go where it is not what was signed, and says so", async ({ expect }) => {
    for (const change of [
      'UPDATE audit_log SET metadata = \'{"name":"x"}\' WHERE seq = 1',
      "UPDATE audit_log SET at_ms = 0 WHERE seq <= 2",
      "DELETE FROM audit_log WHERE seq = 1",
    ])
      await withLog(async (log, sql) => {
        const atMs = NOW_MS - KEEP_AUDIT_MS - DAY_MS;
        await log.append([event(atMs), event(atMs), event(NOW_MS)]);
        sql.exec(change);
        expect(await pruneLog(log, NOW_MS, "UTC"), change).toEqual({ status: "damaged" });
        expect(log.rows.anchor()).toBeNull();
        expect(log.rows.newest()).toMatchObject({
          action_type: "audit.damaged",
          metadata: { what: "pruning" },
        });
      });
  });

  it("does not let go what a set-back clock makes look old", async ({ expect }) =>
    withLog(async (log) => {
      await log.append([event(NOW_MS - DAY_MS), event(NOW_MS - 2 * KEEP_AUDIT_MS)]);
      expect(await pruneLog(log, NOW_MS, "UTC")).toEqual({ status: "nothing" });
      expect(log.rows.after(0, 1)[0]?.previous).toBe(FIRST_DIGEST);
    }));
});

describe("the access log", () => {
  it("keeps 365 days", async ({ expect }) => {
    const audit = env.AUDIT.getByName(crypto.randomUUID());
    const note = {
      userId: "u1" as PersonId,
      ip: null,
      method: "GET",
      route: "/status",
      status: 200,
    };
    await audit.noteAccess({ ...note, atMs: Date.now() - 366 * DAY_MS });
    await audit.noteAccess({ ...note, atMs: Date.now() - 364 * DAY_MS });
    await audit.append([event(Date.now())]);
    await runDurableObjectAlarm(audit);
    expect(await audit.accessBefore(Number.MAX_SAFE_INTEGER, 10)).toMatchObject([{ seq: 2 }]);
    const [entry] = await audit.entriesBefore(Number.MAX_SAFE_INTEGER, 1, "");
    expect(entry).toMatchObject({
      action_type: "retention.applied",
      metadata: { accesses: 1, messages: 0 },
    });
  });
});

describe("a conversation", () => {
  it("lets go what is older than a time, and goes on", async ({ expect }) => {
    const talk = new Talk();
    const old = await talk.say("/help");
    await talk.replyTo(old);
    await talk.sql("UPDATE messages SET at_ms = 1");
    await talk.sql("UPDATE inbox SET accepted_at_ms = 1");
    const next = await talk.say("/whoami");
    await talk.replyTo(next);
    expect(await env.SESSION.getByName(next.session).prune(2)).toBe(2);
    expect((await talk.history()).map(({ text }) => text)).toHaveLength(2);
    expect((await talk.history())[0]?.text).toBe("/whoami");
    const last = await talk.say("/help");
    expect(await talk.replyTo(last)).toMatchObject({ status: "answered" });
  });
});

describe("a start", () => {
  it("is an entry, and names the options, the model and the addresses that are not what they were", async ({
    expect,
  }) => {
    const audit = env.AUDIT.getByName(crypto.randomUUID());
    const allowed = ["http://127.0.0.1:81", "https://b.example"];
    const options = { PORT: "1", HOST: "a", ROCKPOOL_MODEL: "small" };
    await audit.started({ version: "1.0", options, allowed });
    await audit.started({
      version: "1.1",
      options: { ...options, PORT: "2", ROCKPOOL_MODEL: "large" },
      allowed: ["https://b.example", "https://someone:rhubarb@c.example:8443"],
    });
    const entries = await audit.entriesAfter(0, 10);
    expect(entries.map(({ action_type, metadata }) => [action_type, metadata])).toEqual([
      ["box.started", { version: "1.0" }],
      ["box.started", { version: "1.1" }],
      ["config.changed", { option: "PORT" }],
      ["model.chosen", { for: "box", model: "large" }],
      ["egress.changed", { change: "allowed", scheme: "https", host: "c.example:8443" }],
      ["egress.changed", { change: "denied", scheme: "http", host: "127.0.0.1:81" }],
    ]);
  });
});

describe("a checkpoint", () => {
  it("is due once a day, or with so many entries, and never without a new one", ({ expect }) => {
    const last = { length: 100, atMs: NOW_MS };
    const due = (rule: "off" | "daily" | number, length: number, atMs: number) =>
      isCheckpointDue(rule, last, { length, atMs: NOW_MS + atMs });
    expect(due("off", 900, 9 * DAY_MS)).toBe(false);
    expect(due("daily", 101, DAY_MS - 1)).toBe(false);
    expect(due("daily", 101, DAY_MS)).toBe(true);
    expect(due("daily", 100, 9 * DAY_MS)).toBe(false);
    expect(due(50, 149, 0)).toBe(false);
    expect(due(50, 150, 0)).toBe(true);
  });

  it("stands in the owner's own conversation once, however often it is sent", async ({
    expect,
  }) => {
    const keyring = await openKeyring(env);
    const audit = env.AUDIT.getByName(crypto.randomUUID());
    await runInDurableObject(audit, async (_instance: AuditObject, { storage }) => {
      const log = await AuditLog.open({ storage, keyring, zone: "UTC", nowMs: () => NOW_MS });
      await log.append([event(NOW_MS)]);
      await sendCheckpoint(env, log);
      await sendCheckpoint(env, log);
    });
    const owner = await openDirectory(env).ensureOwner();
    const talk = new Talk(owner.id);
    await until(async () => (await talk.texts()).length > 0);
    const texts = (await talk.texts()).filter((text) => text.includes('"kind":"checkpoint"'));
    expect(texts).toHaveLength(1);
    expect(texts[0]).toContain("The audit log has 1 entries.");
  });
});

describe("the round of the day", () => {
  it("is not put off by a clock that was set back, while the box runs or while it was down", async ({
    expect,
  }) => {
    const audit = env.AUDIT.getByName(crypto.randomUUID());
    const roundAtMs = () =>
      runInDurableObject(audit, (_instance, { storage }) => storage.getAlarm()).then(Number);
    const realMs = Date.now();
    const record = () => audit.append([auditEvent("apikey.created", NO_ACTOR, { name: "one" })]);
    try {
      for (const isDown of [false, true]) {
        vi.setSystemTime(realMs + 400 * DAY_MS);
        await record();
        expect(await roundAtMs()).toBeGreaterThan(realMs + 400 * DAY_MS);
        vi.setSystemTime(realMs);
        if (isDown) await evictDurableObject(audit);
        await record();
        expect(await roundAtMs()).toBeLessThan(realMs + DAY_MS);
        await runInDurableObject(audit, (_instance, { storage }) => storage.deleteAlarm());
        await evictDurableObject(audit);
      }
    } finally {
      vi.useRealTimers();
    }
  });
});
