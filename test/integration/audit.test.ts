/** The audit log inside workerd: entries in order, signed before they are acknowledged, whole after a kill. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { type AuditEvent, auditEvent, NO_ACTOR } from "../../src/core/audit.ts";
import {
  type AuditEntry,
  digestedText,
  FIRST_DIGEST,
  hashedText,
  signedCheckpointText,
  signedEntryText,
} from "../../src/core/audit-record.ts";
import type { PersonId } from "../../src/core/ids.ts";
import type { AuditObject } from "../../src/do/audit/audit.ts";
import { digestText } from "../../src/security/audit-signer.ts";
import { env } from "../support/integration.ts";

type Audit = DurableObjectStub<AuditObject>;

function createAudit(): Audit {
  return env.AUDIT.getByName(crypto.randomUUID());
}

function change(audit: Audit, query: string): Promise<unknown> {
  return runInDurableObject(audit, (_instance, state) => state.storage.sql.exec(query).toArray());
}

async function isSigned(text: string, signature: string, publicKey: string): Promise<boolean> {
  const key = await crypto.subtle.importKey(
    "raw",
    Uint8Array.fromHex(publicKey),
    { name: "Ed25519" },
    false,
    ["verify"],
  );
  const bytes = new TextEncoder().encode(text);
  return crypto.subtle.verify({ name: "Ed25519" }, key, Uint8Array.fromHex(signature), bytes);
}

function event(given: Partial<AuditEvent> = {}): AuditEvent {
  return { ...auditEvent("apikey.created", NO_ACTOR, { name: "laptop" }), ...given };
}

describe("the audit log", () => {
  it("links each entry to the one before, and signs every one and the end", async ({ expect }) => {
    const audit = createAudit();
    await audit.append([event(), event()]);
    await audit.append([event()]);
    const entries: AuditEntry[] = await audit.entriesAfter(0, 10);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const head = await audit.checkpoint();
    let digest = FIRST_DIGEST;
    for (const entry of entries) {
      expect(entry.previous).toBe(digest);
      expect(await digestText(hashedText(entry))).toBe(entry.hash);
      expect(await isSigned(signedEntryText(entry.hash), entry.signature, head.public_key)).toBe(
        true,
      );
      digest = await digestText(digestedText(entry));
    }
    expect(head).toMatchObject({ length: 3, digest });
    expect(await isSigned(signedCheckpointText(head), head.signature, head.public_key)).toBe(true);
  });

  it("records an id once, however often it is told", async ({ expect }) => {
    const audit = createAudit();
    const one = event();
    await Promise.all([audit.append([one, one]), audit.append([one])]);
    expect(await audit.entriesAfter(0, 10)).toHaveLength(1);
  });

  it("keeps one order when many record at once", async ({ expect }) => {
    const audit = createAudit();
    await Promise.all(Array.from({ length: 250 }, () => audit.append([event()])));
    const entries = await audit.entriesAfter(0, 500);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
  });

  it("refuses events beyond what may wait", async ({ expect }) => {
    const audit = createAudit();
    const many = Array.from({ length: 1_001 }, () => event());
    const failure = await runInDurableObject(audit, async (instance: unknown) => {
      // The test runner's own type of it says less.
      return (instance as AuditObject).append(many).catch((error: unknown) => error);
    });
    expect(failure).toMatchObject({
      code: "audit/unavailable",
      message: "Too many events wait to be recorded.",
    });
    await audit.append(many.slice(0, 1_000));
    expect(await audit.checkpoint()).toMatchObject({ length: 1_000 });
  });

  it("notes a clock that was set back, and keeps the order of arrival", async ({ expect }) => {
    const audit = createAudit();
    const atMs = Date.UTC(2026, 10, 21, 12);
    await audit.append([event({ atMs }), event({ atMs: atMs - 3_600_000 })]);
    const entries = await audit.entriesAfter(0, 10);
    expect(entries.map((entry) => entry.action_type)).toEqual([
      "apikey.created",
      "clock.set_back",
      "apikey.created",
    ]);
    expect(entries[1]?.metadata).toEqual({ backMs: 3_600_000 });
  });

  it("keeps what says who somebody is beside the chain, and names sealed", async ({ expect }) => {
    const audit = createAudit();
    await audit.append([event({ ip: "192.0.2.7", personal: { senderName: "Zebulon" } })]);
    const [entry] = await audit.entriesAfter(0, 1);
    expect(entry?.ip_address?.value).toBe("192.0.2.7");
    expect(entry?.personal?.value).toEqual({ senderName: "Zebulon" });
    const stored = await change(audit, "SELECT * FROM audit_log");
    const text = JSON.stringify(stored, (_key, value: unknown) =>
      value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : value,
    );
    expect(text).toContain("192.0.2.7");
    expect(text).not.toContain("Zebulon");
  });

  it("masks a secret that a value holds, and cuts what is too long", async ({ expect }) => {
    const audit = createAudit();
    const metadata = { note: "Bearer abcdefghijkl", long: "x".repeat(500), whole: 1.5 };
    await audit.append([event({ metadata })]);
    const [entry] = await audit.entriesAfter(0, 1);
    expect(entry?.metadata).toEqual({
      note: "Bearer [token]",
      long: "x".repeat(200),
      whole: "1.5",
    });
  });

  it("goes on after its head and says so where entries were cut off", async ({ expect }) => {
    const audit = createAudit();
    await audit.append([event(), event(), event()]);
    await change(audit, "DELETE FROM audit_log WHERE seq > 1");
    await evictDurableObject(audit);
    await audit.append([event()]);
    const entries = await audit.entriesAfter(0, 10);
    expect(entries.map(({ seq, action_type }) => [seq, action_type])).toEqual([
      [1, "apikey.created"],
      [4, "audit.damaged"],
      [5, "apikey.created"],
    ]);
    expect(entries[1]?.metadata).toEqual({ what: "entries" });
  });

  it("says so where its head was exchanged", async ({ expect }) => {
    const audit = createAudit();
    await audit.append([event(), event()]);
    await change(audit, "UPDATE audit_head SET length = 1");
    await evictDurableObject(audit);
    await audit.append([event()]);
    const entries = await audit.entriesAfter(2, 10);
    expect(entries[0]).toMatchObject({ action_type: "audit.damaged", metadata: { what: "head" } });
  });

  it.for([
    ["its entries and its end", "head", ["audit_log", "audit_head"]],
    ["its whole file", "key", ["audit_log", "audit_head", "audit_key", "audit_anchor"]],
  ] as const)("says so where %s are gone", async ([, what, tables], { expect }) => {
    const audit = createAudit();
    await audit.append([event(), event()]);
    for (const table of tables) await change(audit, `DELETE FROM ${table}`);
    for (let start = 0; start < 2; start += 1) {
      await evictDurableObject(audit);
      await audit.append([event()]);
    }
    const entries = await audit.entriesAfter(0, 10);
    expect(entries.map(({ action_type, metadata }) => [action_type, metadata])).toEqual([
      ["audit.damaged", { what }],
      ["apikey.created", expect.anything()],
      ["apikey.created", expect.anything()],
    ]);
  });

  it("says nothing of damage when it begins, killed before its first entry or not", async ({
    expect,
  }) => {
    const audit = createAudit();
    await audit.checkpoint();
    await evictDurableObject(audit);
    await audit.append([event()]);
    const entries = await audit.entriesAfter(0, 10);
    expect(entries.map(({ seq, action_type }) => [seq, action_type])).toEqual([
      [1, "apikey.created"],
    ]);
  });

  it("goes on, and hands out every entry for who verifies, where a row was made unreadable", async ({
    expect,
  }) => {
    const audit = createAudit();
    const about = { ...event(), personal: { name: "Ada" } };
    await audit.append([about, event(), event()]);
    const before = await audit.entriesAfter(0, 10);
    expect(before[0]?.personal?.value).toEqual({ name: "Ada" });
    await change(audit, "UPDATE audit_log SET body = zeroblob(40) WHERE seq = 1");
    await change(audit, "UPDATE audit_log SET metadata = '{', at_ms = 'now' WHERE seq = 3");
    await evictDurableObject(audit);
    await audit.append([event()]);
    const after = await audit.entriesAfter(0, 10);
    expect(after.map(({ seq, hash }) => [seq, hash])).toEqual([
      ...before.map(({ seq, hash }) => [seq, hash]),
      [4, expect.any(String)],
    ]);
    expect(after[0]?.personal).toBeNull();
    expect(after[2]?.metadata).toEqual({});
    expect(after[3]?.previous).toBe(await digestText(`${before[2]?.hash}${before[2]?.signature}`));
  });

  it("does not open with a public key that is not its own", async ({ expect }) => {
    const audit = createAudit();
    await audit.append([event()]);
    await change(audit, `UPDATE audit_key SET public_key = '${"ab".repeat(32)}'`);
    await evictDurableObject(audit);
    const failure = await runInDurableObject(audit, async (instance: unknown) => {
      // The test runner's own type of it says less.
      return (instance as AuditObject).append([event()]).catch((error: unknown) => error);
    });
    expect(failure).toMatchObject({ code: "crypto/cannot_open" });
  });

  it("keeps what a person is called by until the person is erased", async ({ expect }) => {
    const audit = createAudit();
    const ada = "ada" as PersonId;
    await audit.append([
      event({ userId: ada, ip: "192.0.2.7", personal: { name: "Ada" } }),
      event({
        userId: "bob" as PersonId,
        ip: "192.0.2.8",
        subjectId: ada,
        personal: { name: "Ada" },
      }),
    ]);
    expect(await audit.erasePersonal(ada)).toBe(2);
    const entries = await audit.entriesAfter(0, 10);
    expect(entries.map((entry) => [entry.ip_address?.value, entry.personal])).toEqual([
      [undefined, null],
      ["192.0.2.8", null],
    ]);
    for (const entry of entries) expect(await digestText(hashedText(entry))).toBe(entry.hash);
  });
});
