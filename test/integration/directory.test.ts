/** The directory: accounts, people, who asks to be let in, and what works once. Each test has one of its own. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import type { Account } from "../../src/adapters/adapter.ts";
import type { AdmitRequest } from "../../src/core/directory-protocol.ts";
import { accountKey, encodeSessionKey, type PersonId } from "../../src/core/ids.ts";
import { MAX_ACCOUNTS } from "../../src/do/accounts.ts";
import type { DirectoryObject } from "../../src/do/directory.ts";
import { LINK_CODE_MS, MAX_OWNER_LINKS, OWNER_LINK_MS } from "../../src/do/one-time.ts";
import { MAX_PENDING, PAIRING_MS } from "../../src/do/pairings.ts";
import { MAX_PEOPLE } from "../../src/do/people.ts";
import { env } from "../support/integration.ts";

type Directory = DurableObjectStub<DirectoryObject>;

function createDirectory(): Directory {
  return env.DIRECTORY.getByName(crypto.randomUUID());
}

function createAccount(given: Partial<Account> = {}): Account {
  const name = given.name ?? "main";
  return {
    key: accountKey("telegram", name),
    channel: "telegram",
    name,
    access: "pairing",
    transport: "poll",
    settings: { api: "cloud" },
    secrets: { token: "123456:rhubarb" },
    ...given,
  };
}

function sql(directory: Directory, query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(directory, (_instance, state) =>
    state.storage.sql.exec(query).toArray(),
  );
}

/** What a call fails with, caught beside the object so that no rejection is left alone on the way. */
function failureOf(
  directory: Directory,
  call: (instance: DirectoryObject) => unknown,
): Promise<unknown> {
  return runInDurableObject(directory, async (instance: unknown) => {
    try {
      return await call(instance as DirectoryObject); // the test runner's own type of it says less
    } catch (error) {
      return error;
    }
  });
}

function ask(sender: string, given: Partial<AdmitRequest> = {}): AdmitRequest {
  const conversation = { id: sender, kind: "direct" as const };
  return {
    account: accountKey("telegram", "main"),
    sender: { id: sender, name: `Name of ${sender}` },
    conversation,
    mentionsMe: true,
    target: { conversation },
    ...given,
  };
}

async function pair(directory: Directory, sender: string): Promise<string> {
  const admission = await directory.admit(ask(sender));
  if (admission.status !== "pairing") throw new Error(`${sender} was ${admission.status}`);
  return admission.code;
}

async function letIn(directory: Directory, sender: string): Promise<PersonId> {
  await directory.decidePairing(await pair(directory, sender), true);
  const admission = await directory.admit(ask(sender));
  if (admission.status !== "admitted") throw new Error(`${sender} was ${admission.status}`);
  return admission.speaker.personId;
}

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

describe("the owner's link", () => {
  const refused = {
    code: "owner/bad_token",
    message: "This owner link was used already, or has expired.",
  };

  function redeem(directory: Directory, token: string): Promise<unknown> {
    return failureOf(directory, (object) => object.redeemOwnerToken(token));
  }

  it("makes the owner, once, and the same person each time", async ({ expect }) => {
    const directory = createDirectory();
    expect((await directory.counts()).ownerKnown).toBe(false);
    const [one, two] = [await directory.createOwnerLink(), await directory.createOwnerLink()];
    const owner = await redeem(directory, one.token);
    expect(owner).toMatchObject({ role: "owner", name: "Owner", lang: "en" });
    expect(await redeem(directory, one.token)).toMatchObject(refused);
    expect(await redeem(directory, two.token)).toEqual(owner);
    expect(await directory.ensureOwner()).toEqual(owner);
    expect(await directory.counts()).toMatchObject({ people: 1, ownerKnown: true });
  });

  it("works for a day, and is kept as a hash only", async ({ expect }) => {
    const directory = createDirectory();
    const { token, expiresAtMs } = await directory.createOwnerLink();
    expect(Math.abs(expiresAtMs - Date.now() - OWNER_LINK_MS)).toBeLessThan(60_000);
    expect(JSON.stringify(await sql(directory, "SELECT * FROM owner_tokens"))).not.toContain(token);
    await sql(directory, `UPDATE owner_tokens SET expires_at_ms = ${Date.now()}`);
    expect(await redeem(directory, token)).toMatchObject(refused);
    expect(await redeem(directory, "")).toMatchObject(refused);
    expect((await directory.counts()).ownerKnown).toBe(false);
  });

  it(`is one of ${MAX_OWNER_LINKS} at most: a new one ends the oldest`, async ({ expect }) => {
    const directory = createDirectory();
    const links = [];
    for (let index = 0; index <= MAX_OWNER_LINKS; index += 1) {
      links.push(await directory.createOwnerLink());
      // Links of the same millisecond have no order.
      await sql(directory, "UPDATE owner_tokens SET expires_at_ms = expires_at_ms - 1000");
    }
    expect(await sql(directory, "SELECT 1 FROM owner_tokens")).toHaveLength(MAX_OWNER_LINKS);
    expect(await redeem(directory, links[0]?.token ?? "")).toMatchObject(refused);
    expect(await redeem(directory, links[1]?.token ?? "")).toMatchObject({ role: "owner" });
  });
});

describe("linking two conversations", () => {
  const session = (conversation: string) =>
    encodeSessionKey({ channel: "telegram", account: "main", conversation });
  const [here, there, elsewhere] = [session("here"), session("there"), session("elsewhere")];

  function speakerOf(personId: PersonId) {
    return { personId, role: "member", name: "x", lang: "en" } as const;
  }

  it("joins the person who types the code to the one who made it, for good", async ({ expect }) => {
    const directory = createDirectory();
    await directory.addAccount(createAccount(), []);
    const [ada, phone] = [await letIn(directory, "ada"), await letIn(directory, "phone")];
    const code = await directory.createLinkCode(here, ada);
    const request = { code, session: there, speaker: speakerOf(phone) };
    const linked = { status: "linked", to: here, channel: "telegram" };
    expect(await directory.redeemLink(request)).toEqual(linked);
    expect(await directory.admit(ask("phone"))).toMatchObject({ speaker: { personId: ada } });
    expect(await directory.redeemLink(request)).toEqual(linked);
    expect(await directory.redeemLink({ ...request, session: elsewhere })).toEqual({
      status: "bad_code",
    });
  });

  it("takes no code that is made up, too old, replaced by a newer one, or the conversation's own", async ({
    expect,
  }) => {
    const directory = createDirectory();
    const { id } = await directory.ensureOwner();
    const type = async (code: string, into = there) =>
      (await directory.redeemLink({ code, session: into, speaker: speakerOf(id) })).status;
    expect(await type("AAAAAAAA")).toBe("bad_code");
    const first = await directory.createLinkCode(here, id);
    const second = await directory.createLinkCode(here, id);
    expect(await type(first)).toBe("bad_code");
    expect(await type(second, here)).toBe("same_conversation");
    await sql(directory, `UPDATE link_codes SET expires_at_ms = expires_at_ms - ${LINK_CODE_MS}`);
    expect(await type(second)).toBe("bad_code");
  });

  it("never joins two conversations in a circle", async ({ expect }) => {
    const directory = createDirectory();
    const { id } = await directory.ensureOwner();
    const speaker = speakerOf(id);
    const [ofHere, ofThere] = [
      await directory.createLinkCode(here, id),
      await directory.createLinkCode(there, id),
    ];
    expect(await directory.redeemLink({ code: ofHere, session: there, speaker })).toMatchObject({
      to: here,
    });
    expect(await directory.redeemLink({ code: ofThere, session: here, speaker })).toEqual({
      status: "bad_code",
    });
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
