/** The directory: accounts, people, and who asks to be let in. Each test has one of its own. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, it } from "vitest";
import { accountKey } from "../../src/core/ids.ts";
import { MAX_ACCOUNTS } from "../../src/do/directory/accounts.ts";
import type { DirectoryObject } from "../../src/do/directory/directory.ts";
import { MAX_PENDING, PAIRING_MS } from "../../src/do/directory/pairings.ts";
import { MAX_PEOPLE } from "../../src/do/directory/people.ts";
import {
  ask,
  createAccount,
  createDirectory,
  failureOf,
  letIn,
  pair,
  sql,
} from "../support/directory.ts";
import { env } from "../support/integration.ts";

describe("accounts", () => {
  it("come back as they were added, their fields sealed", async ({ expect }) => {
    const directory = createDirectory();
    const account = createAccount({
      apiBase: "http://10.0.0.5:8081",
      self: { id: "7", name: "b" },
    });
    await directory.addAccount(account, []);
    expect(await directory.account(account.key)).toEqual(account);
    const rows = await sql(directory, "SELECT *, hex(body) AS body FROM accounts");
    const plain = [...new TextEncoder().encode("rhubarb")]
      .map((byte) => byte.toString(16))
      .join("");
    expect(JSON.stringify(rows).toLowerCase()).not.toMatch(new RegExp(`rhubarb|${plain}`));
  });

  it("are listed without their secrets", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount({ name: "second" }), []);
    await directory.addAccount(createAccount(), []);
    const list = await directory.accounts();
    expect(list).toMatchObject([
      { name: "main", settings: { api: "cloud" }, secretsSet: ["token"] },
      { name: "second", webhookPath: "/webhooks/telegram/second" },
    ]);
    expect(JSON.stringify(list)).not.toContain("rhubarb");
  });

  it("are added once, also when two ask at the same time", async ({ expect }) => {
    const directory = createDirectory();
    const failures = await Promise.all(
      [1, 2].map(() => failureOf(directory, (object) => object.addAccount(createAccount(), []))),
    );
    expect(failures.filter((failure) => failure === undefined)).toHaveLength(1);
    expect(failures.find((failure) => failure !== undefined)).toMatchObject({
      code: "account/exists",
      message: "An account of this name exists already.",
    });
  });

  it("are unknown once they are removed, with everybody they let in", async ({ expect }) => {
    const directory = createDirectory();
    const account = createAccount();
    await directory.addAccount(account, ["42"]);
    await letIn(directory, "ada");
    await pair(directory, "eve");
    await directory.removeAccount(account.key);
    expect(await directory.account(account.key)).toBeUndefined();
    expect(await directory.admit(ask("ada"))).toEqual({ status: "denied" });
    expect(await directory.pairings()).toEqual([]);
    await directory.addAccount({ ...account, access: "allowlist" }, []);
    expect(await directory.admit(ask("42"))).toEqual({ status: "denied" });
    expect(
      await failureOf(directory, (object) => object.removeAccount(accountKey("telegram", "no"))),
    ).toMatchObject({ code: "account/unknown", message: "No such account." });
  });

  it(`number ${MAX_ACCOUNTS} at most`, async ({ expect }) => {
    const directory = createDirectory();
    for (let index = 0; index < MAX_ACCOUNTS; index += 1)
      await directory.addAccount(createAccount({ name: `a${index}` }), []);
    const add = (object: DirectoryObject) => object.addAccount(createAccount(), []);
    expect(await failureOf(directory, add)).toMatchObject({
      code: "account/bad_settings",
      message: `At most ${MAX_ACCOUNTS} accounts fit.`,
    });
    expect(await directory.accounts()).toHaveLength(MAX_ACCOUNTS);
  });
});

describe("admission", () => {
  it("knows nobody at an account that does not exist", async ({ expect }) => {
    expect(await createDirectory().admit(ask("ada"))).toEqual({ status: "denied" });
  });

  it("enrols whom an allow-list names, once", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount({ access: "allowlist" }), ["ada"]);
    const first = await directory.admit(ask("ada"));
    expect(first).toMatchObject({
      status: "admitted",
      speaker: { role: "member", name: "Name of ada", lang: "en" },
    });
    expect(await directory.admit(ask("ada"))).toEqual(first);
    expect(await directory.admit(ask("eve"))).toEqual({ status: "denied" });
    expect((await directory.counts()).people).toBe(1);
  });

  it("enrols everybody at an open account, in his language, with a name of 80 characters at most", async ({
    expect,
  }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount({ access: "open" }), []);
    const sender = { id: "li", name: "李".repeat(500), lang: "zh-Hans" };
    expect(await directory.admit(ask("li", { sender }))).toMatchObject({
      speaker: { name: "李".repeat(80), lang: "zh" },
    });
    expect(await directory.admit(ask("x", { sender: { id: "x", name: "  " } }))).toMatchObject({
      speaker: { name: "x" },
    });
  });

  it("tells a stranger the same code however often he writes, and not twice in a minute", async ({
    expect,
  }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const first = await directory.admit(ask("ada"));
    expect(first).toMatchObject({ status: "pairing", notify: true, lang: "en" });
    if (first.status !== "pairing") return;
    expect(await directory.admit(ask("ada"))).toEqual(first); // he was not told yet
    await directory.pairingNoticed(first.code);
    expect(await directory.admit(ask("ada"))).toEqual({ ...first, notify: false });
    await sql(directory, "UPDATE pairings SET noticed_at_ms = noticed_at_ms - 60000");
    expect(await directory.admit(ask("ada"))).toEqual(first);
  });

  it(`lets ${MAX_PENDING} strangers wait at an account, until their codes are too old`, async ({
    expect,
  }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const senders = Array.from({ length: MAX_PENDING }, (_, index) => `s${index}`);
    for (const sender of senders) await pair(directory, sender);
    expect(await directory.admit(ask("eve"))).toEqual({ status: "denied" });
    const pending = await directory.pairings();
    expect(pending.map((one) => one.senderName)).toEqual(senders.map((id) => `Name of ${id}`));
    expect(pending[0]?.expiresAtMs).toBeLessThanOrEqual(Date.now() + PAIRING_MS);
    await sql(directory, `UPDATE pairings SET expires_at_ms = expires_at_ms - ${PAIRING_MS}`);
    expect(await directory.pairings()).toEqual([]);
    expect((await directory.admit(ask("eve"))).status).toBe("pairing");
    expect(await directory.pairings()).toHaveLength(1);
  });

  it(`knows ${MAX_PEOPLE} people at most`, async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount({ access: "open" }), []);
    await sql(
      directory,
      `INSERT INTO people SELECT value, 'member', 'x', 'en', 1 FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT ${MAX_PEOPLE - 1}) SELECT value FROM n)`,
    );
    expect((await directory.admit(ask("ada"))).status).toBe("admitted");
    expect(await directory.admit(ask("eve"))).toEqual({ status: "denied" });
    expect((await directory.admit(ask("ada"))).status).toBe("admitted");
  });

  it("gives no code in a group, and none to a bot", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const conversation = { id: "g", kind: "group" as const };
    expect(await directory.admit(ask("ada", { conversation }))).toEqual({ status: "denied" });
    const sender = { id: "bot", isBot: true };
    expect(await directory.admit(ask("bot", { sender }))).toEqual({ status: "denied" });
    expect(await directory.pairings()).toEqual([]);
  });
});

describe("pairing", () => {
  it("makes a person of whom it approves, and says where to greet him", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const code = await pair(directory, "ada");
    expect(await directory.decidePairing(code, true)).toEqual({
      account: "telegram:main",
      sender: "ada",
      senderName: "Name of ada",
      lang: "en",
      target: { conversation: { id: "ada", kind: "direct" } },
    });
    expect(await directory.admit(ask("ada"))).toMatchObject({
      status: "admitted",
      speaker: { role: "member", name: "Name of ada" },
    });
  });

  it("lets nobody in whom it denies: he may ask again", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const code = await pair(directory, "eve");
    await directory.decidePairing(code, false);
    expect((await directory.counts()).people).toBe(0);
    expect(await pair(directory, "eve")).not.toBe(code);
  });

  it("is decided once, and not after its time", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const unknown = {
      code: "pairing/unknown_code",
      message: "No such pairing code, or it has expired.",
    };
    const decide = (code: string) =>
      failureOf(directory, (object) => object.decidePairing(code, true));
    const code = await pair(directory, "ada");
    const results = await Promise.all([decide(code), decide(code)]);
    expect(results.filter((result) => result instanceof Error)).toMatchObject([unknown]);
    const late = await pair(directory, "eve");
    await sql(directory, `UPDATE pairings SET expires_at_ms = ${Date.now()}`);
    expect(await decide(late)).toMatchObject(unknown);
    expect(await decide("'; DROP TABLE people; --")).toMatchObject(unknown);
    expect((await directory.counts()).people).toBe(1);
  });
});

describe("the directory's log", () => {
  it("reaches D1, and is let go when it has", async ({ expect }) => {
    const directory = createDirectory();
    const name = `log-${crypto.randomUUID().slice(0, 8)}`;
    await directory.addAccount(createAccount({ name, access: "open" }), []);
    const account = accountKey("telegram", name);
    const admission = await directory.admit(ask("ada", { account }));
    await directory.removeAccount(account);
    expect((await directory.counts()).journalBacklog).toBe(4);
    await runDurableObjectAlarm(directory);
    expect((await directory.counts()).journalBacklog).toBe(0);
    expect(await sql(directory, "SELECT * FROM journal")).toEqual([]);
    const rows = await env.DB.prepare(
      "SELECT i.id, p.id AS person, a.removed_at_ms > 0 AS removed FROM identities i JOIN people p ON p.id = i.person_id JOIN accounts a ON a.id = ?",
    )
      .bind(account)
      .all();
    expect(rows.results).toContainEqual({
      id: `${account}:ada`,
      person: admission.status === "admitted" ? admission.speaker.personId : "",
      removed: 1,
    });
  });
});
