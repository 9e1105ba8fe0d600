/** What changes the directory is recorded with the change: in its transaction first, and signed before it is acknowledged. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { type AuditEvent, auditEvent, NO_ACTOR } from "../../src/core/audit.ts";
import type { PersonId } from "../../src/core/ids.ts";
import { AuditQueue, type AuditQueueDeps } from "../../src/do/audit/audit-queue.ts";
import {
  createAccount,
  createDirectory,
  failureOf,
  letIn,
  pair,
  sql,
} from "../support/directory.ts";
import { env } from "../support/integration.ts";

const BY = { userId: "admin-1" as PersonId, ip: "192.0.2.7" };

/** The newest entries of one action, and what they say. */
async function entriesOf(action: string, limit = 5) {
  const audit = env.AUDIT.getByName("audit");
  return audit.entriesBefore(Number.MAX_SAFE_INTEGER, limit, action);
}

function open(table: SqlStorage, append: AuditQueueDeps["append"] = async () => {}): AuditQueue {
  return new AuditQueue(table, { arm: () => {}, append });
}

describe("the directory", () => {
  it("records who added and removed an account, without its secrets", async ({ expect }) => {
    const directory = createDirectory();
    const account = createAccount({ name: "audited" });
    await directory.addAccount(account, [], BY);
    await directory.removeAccount(account.key, BY);
    const [removed] = await entriesOf("account.removed");
    const [added] = await entriesOf("account.added");
    expect(removed).toMatchObject({ user_id: "admin-1", metadata: { account: account.key } });
    expect(added?.ip_address?.value).toBe("192.0.2.7");
    expect(JSON.stringify([added, removed])).not.toContain("rhubarb");
  });

  it("records whom a pairing let in, the name beside the chain", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const personId = await letIn(directory, "sender-77");
    const [approved] = await entriesOf("pairing.approved");
    expect(approved).toMatchObject({
      subject_id: personId,
      metadata: { account: "telegram:main" },
      personal: { value: { sender: "sender-77", senderName: "Name of sender-77" } },
    });
    await directory.decidePairing(await pair(directory, "sender-78"), false, BY);
    const [denied] = await entriesOf("pairing.denied");
    expect(denied).toMatchObject({ subject_id: null, user_id: "admin-1" });
  });

  it("records API keys and owner links, of which it holds no part", async ({ expect }) => {
    const directory = createDirectory();
    const { key } = await directory.createApiKey({ name: "laptop", scopes: ["chat"] }, BY);
    await directory.revokeApiKey("laptop", BY);
    const { token } = await directory.createOwnerLink(BY);
    const { id } = await directory.redeemOwnerToken(token);
    expect((await entriesOf("apikey.", 2)).map((entry) => entry.action_type)).toEqual([
      "apikey.revoked",
      "apikey.created",
    ]);
    const [used, made] = await entriesOf("ownerlink.", 2);
    expect(used).toMatchObject({ action_type: "ownerlink.used", user_id: id });
    const all = JSON.stringify([await entriesOf("apikey."), used, made]);
    expect(all).not.toContain(key);
    expect(all).not.toContain(token);
  });

  it("records what is changed about people with the change, also where the log is told later", async ({
    expect,
  }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const ada = await letIn(directory, "ada");
    await sql(directory, "INSERT INTO audit_queue (event) VALUES ('torn')"); // nothing behind it gets through
    const failed = await failureOf(directory, async (object) => {
      await object.changePerson(ada, { what: "role", role: "auditor" }, "owner", BY);
    });
    expect(String(failed)).toContain("not valid JSON");
    expect(await directory.person(ada)).toMatchObject({ role: "auditor" });
    await sql(directory, "DELETE FROM audit_queue WHERE event = 'torn'");
    await directory.removePerson(ada, "owner", BY);
    const [removed] = await entriesOf("person.removed");
    const [changed] = await entriesOf("role.changed");
    const by = { user_id: "admin-1", subject_id: ada };
    expect(changed).toMatchObject({ ...by, metadata: { from: "member", to: "auditor" } });
    expect(removed).toMatchObject({ ...by, metadata: { role: "auditor" } });
    expect(removed?.personal?.value).toEqual({ name: "Name of ada" });
  });

  it("hands over after a kill what the audit log has not acknowledged", async ({ expect }) => {
    const directory = createDirectory();
    const event = auditEvent("role.changed", NO_ACTOR, { role: "auditor" });
    await runInDurableObject(directory, (_instance, state) => {
      open(state.storage.sql).add(event);
    });
    // A new life of the object reads the row that the last one left.
    await evictDurableObject(directory);
    await runInDurableObject(directory, (_instance, state) => state.storage.setAlarm(Date.now()));
    await runDurableObjectAlarm(directory);
    expect((await entriesOf("role.changed"))[0]?.id).toBe(event.id);
    expect(await sql(directory, "SELECT * FROM audit_queue")).toEqual([]);
  });
});

describe("the queue", () => {
  it("keeps what was refused, in its order", async ({ expect }) => {
    const directory = createDirectory();
    await runInDurableObject(directory, async (_instance, state) => {
      const refuse = () => Promise.reject(new Error("not now"));
      const queue = open(state.storage.sql, refuse);
      const events = ["a", "b"].map((name) => auditEvent("flow.added", NO_ACTOR, { name }));
      for (const event of events) queue.add(event);
      await expect(queue.flush()).rejects.toThrow("not now");
      const taken: AuditEvent[] = [];
      await open(state.storage.sql, async (batch) => void taken.push(...batch)).flush();
      expect(taken).toEqual(events);
    });
  });
});
