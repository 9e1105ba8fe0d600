/** Polling an account inside workerd: Telegram's adapter against answers that the test scripts in place of fetch. */
import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, beforeEach, describe, it, vi } from "vitest";
import type { Account } from "../../src/adapters/adapter.ts";
import { type AccountKey, accountKey, encodeSessionKey } from "../../src/core/ids.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { MAX_QUEUED } from "../../src/do/session/inbox.ts";
import { createUpdates, type Update } from "../support/fake-telegram-updates.ts";
import { env } from "../support/integration.ts";
import { until } from "../support/scripted-model.ts";

const POLL_MS = 20;

/** What the platform has, and what it was told. Plain values: every object looks at them in its own requests. */
class Platform {
  updates: Update[] = [];
  sent: { chatId: string; text: string }[] = [];
  /** Offsets that were asked for. */
  offsets: (number | undefined)[] = [];
  /** People who have blocked the bot. */
  readonly blocked = new Set<string>();
  /** What the next calls for updates fail with. */
  failures: { status: number; retryAfterSeconds?: number }[] = [];
  /** When it failed last. */
  failedAtMs = 0;

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.hostname !== "api.telegram.org") throw new TypeError("Network connection lost.");
    const method = url.pathname.split("/").at(-1);
    const body: Record<string, unknown> = JSON.parse((await request.text()) || "{}");
    switch (method) {
      case "getUpdates":
        return this.#getUpdates(body.offset as number | undefined); // as the adapter writes it
      case "sendMessage":
      case "sendMessageDraft":
        return this.#send(method, String(body.chat_id), String(body.text));
      default:
        return Response.json({ ok: true, result: true });
    }
  };

  async #getUpdates(offset: number | undefined): Promise<Response> {
    this.offsets.push(offset);
    const failure = this.failures.shift();
    if (failure) this.failedAtMs = Date.now();
    if (failure) return refuse(failure.status, "try later", failure.retryAfterSeconds);
    const fresh = () => this.updates.filter((update) => update.update_id >= (offset ?? 0));
    if (fresh().length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return Response.json({ ok: true, result: fresh() });
  }

  #send(method: string, chatId: string, text: string): Response {
    if (this.blocked.has(chatId)) return refuse(403, "Forbidden: bot was blocked by the user");
    if (method === "sendMessage") this.sent.push({ chatId, text });
    return Response.json({ ok: true, result: { message_id: this.sent.length } });
  }

  textsTo(chatId: number): string[] {
    return this.sent.filter((one) => one.chatId === String(chatId)).map((one) => one.text);
  }
}

function refuse(status: number, description: string, retryAfterSeconds?: number): Response {
  const parameters = retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds };
  return Response.json({ ok: false, error_code: status, description, parameters }, { status });
}

let platform = new Platform();
let updates = createUpdates();

beforeAll(() => {
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) =>
    platform.fetch(input, init),
  );
});
afterAll(() => {
  vi.unstubAllGlobals();
});
beforeEach(() => {
  platform = new Platform();
  updates = createUpdates();
});

async function addAccount(access: Account["access"]): Promise<Account> {
  const name = `t${crypto.randomUUID().slice(0, 8)}`;
  const account: Account = {
    key: accountKey("telegram", name),
    channel: "telegram",
    name,
    access,
    transport: "poll",
    settings: {},
    secrets: { token: `7000000001:${"a".repeat(35)}` },
    self: { id: "7000000001", name: "rockpool_bot" },
  };
  await openDirectory(env).addAccount(account, []);
  forgetDirectory();
  return account;
}

/** Polls an account for as long as the test takes. */
async function withPolling(
  access: Account["access"],
  test: (account: Account) => Promise<void>,
): Promise<void> {
  const account = await addAccount(access);
  await env.CONNECTION.getByName(account.key).open(account.key);
  try {
    await test(account);
  } finally {
    await env.CONNECTION.getByName(account.key).close();
  }
}

/** Has the person write once, who may write as often as he likes from then on. */
async function freeOfLimits(id: number): Promise<void> {
  platform.updates.push(updates.text(id, "/whoami"));
  await until(() => platform.textsTo(id).length === 1);
  for (const name of ["messages_minute", "messages_day"] as const)
    await openDirectory(env).changePerson(
      `Person ${id}`,
      { what: "limit", name, value: null },
      "owner",
    );
  forgetDirectory();
}

function cursorOf(key: AccountKey): Promise<string | undefined> {
  return runInDurableObject(env.CONNECTION.getByName(key), (_instance, { storage }) =>
    storage.kv.get<string>("cursor"),
  );
}

describe("a polled account", () => {
  it("takes updates in, answers them, and keeps where it stands", ({ expect }) =>
    withPolling("open", async (account) => {
      platform.updates.push(updates.text(42, "/whoami"), updates.text(42, "/status"));
      await until(() => platform.textsTo(42).length === 2);
      expect(platform.textsTo(42)[0]).toBe("You are Person 42 (guest), here as telegram.");
      await until(async () => (await cursorOf(account.key)) !== undefined);
      expect(await cursorOf(account.key)).toMatch(/^7000000001\/3\/\d+$/);
      expect(platform.offsets[0]).toBeUndefined();
      await until(() => platform.offsets.includes(3));
    }));

  it("answers once what comes twice", ({ expect }) =>
    withPolling("open", async () => {
      const update = updates.text(43, "/help");
      platform.updates.push(update, update, updates.text(43, "/whoami"));
      await until(() => platform.textsTo(43).some((text) => text.startsWith("You are")));
      expect(platform.textsTo(43).filter((text) => text.includes("/help"))).toHaveLength(1);
    }));

  it("goes on after failures, and waits as long as the platform asks", ({ expect }) =>
    withPolling("open", async () => {
      platform.failures.push({ status: 502 });
      platform.updates.push(updates.text(44, "/whoami"));
      const startedAtMs = Date.now();
      await until(() => platform.textsTo(44).length === 1);
      expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(900);
      platform.failures.push({ status: 429, retryAfterSeconds: 2 });
      const asked = platform.offsets.length;
      await until(() => platform.failures.length === 0);
      await until(() => platform.offsets.length > asked + 2);
      expect(Date.now() - platform.failedAtMs).toBeGreaterThanOrEqual(1_800);
    }));

  it("tells a stranger his code, and is not held up by one who has blocked it", ({ expect }) =>
    withPolling("pairing", async () => {
      platform.blocked.add("45");
      platform.updates.push(updates.text(45, "hello"), updates.text(46, "hello"));
      await until(() => platform.textsTo(46).length === 1);
      expect(platform.textsTo(46)[0]).toMatch(/Your pairing code is\n\n.*[A-Z2-9]{8}/);
      await until(() => platform.offsets.includes(3));
      expect(platform.textsTo(45)).toEqual([]);
    }));

  it("is not held up by a conversation that is full, whose person is told so once", ({ expect }) =>
    withPolling("open", async (account) => {
      await freeOfLimits(47);
      const flood = Array.from({ length: MAX_QUEUED + 5 }, (_, index) =>
        updates.text(47, `${index}`),
      );
      platform.updates.push(...flood, updates.text(48, "/whoami"));
      await until(() => platform.textsTo(48).length === 1);
      const told = platform.textsTo(47).filter((text) => text.includes("I do not take more"));
      expect(told).toHaveLength(1);
      const session = encodeSessionKey({
        channel: "telegram",
        account: account.name,
        conversation: "47",
      });
      const queued = await runInDurableObject(env.SESSION.getByName(session), (_object, state) =>
        state.storage.sql.exec("SELECT 1 FROM inbox WHERE state = 'queued'").toArray(),
      );
      expect(queued).toHaveLength(MAX_QUEUED);
    }));

  it("goes on where it stood when it is opened again, and forgets it when it is closed", async ({
    expect,
  }) => {
    let key: AccountKey | undefined;
    await withPolling("open", async (account) => {
      key = account.key;
      platform.updates.push(updates.text(49, "/help"));
      await until(() => platform.offsets.includes(2));
      await env.CONNECTION.getByName(account.key).open(account.key);
      const asked = platform.offsets.length;
      await until(() => platform.offsets.length > asked + 1);
      expect(platform.offsets.slice(asked).every((offset) => offset === 2)).toBe(true);
    });
    expect(key && (await cursorOf(key))).toBeUndefined();
    const asked = platform.offsets.length;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS * 5));
    expect(platform.offsets.length).toBeLessThanOrEqual(asked + 1); // one call may have been open
  });

  it("polls in its next life when the object is ended in the middle", ({ expect }) =>
    withPolling("open", async (account) => {
      await until(() => platform.offsets.length > 2);
      await runInDurableObject(env.CONNECTION.getByName(account.key), (_object, state) =>
        state.abort("killed"),
      ).catch(() => undefined);
      platform.updates.push(updates.text(50, "/whoami"));
      await until(() => platform.textsTo(50).length === 1);
      expect(platform.textsTo(50)[0]).toContain("Person 50");
    }));
});
