import { afterEach, beforeEach, describe, it } from "vitest";
import type { Account, Cursor, Io } from "../../../../src/adapters/adapter.ts";
import { telegram } from "../../../../src/adapters/telegram/index.ts";
import { catchError, expectNoSecret } from "../../../contract/secrecy.ts";
import { type FakeTelegram, startFakeTelegram } from "../../../support/fake-telegram.ts";
import { createUpdates } from "../../../support/fake-telegram-updates.ts";
import { createTelegramAccount } from "../../../support/telegram-account.ts";

const DAY_MS = 24 * 3_600_000;
const BOT_ID = "7000000001";

class MemoryCursor implements Cursor {
  saved: string[] = [];
  readonly #first: string | undefined;
  constructor(first?: string) {
    this.#first = first;
  }
  async load() {
    return this.saved.at(-1) ?? this.#first;
  }
  async save(value: string) {
    this.saved.push(value);
  }
}

let fake: FakeTelegram;
let account: Account;
let nowMs: number;
let stop: AbortController;
const io: Io = { fetch, nowMs: () => nowMs };

beforeEach(async () => {
  fake = await startFakeTelegram();
  account = createTelegramAccount(fake.apiBase);
  nowMs = Date.UTC(2026, 10, 21);
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await fake.close();
});

function connect(cursor: Cursor): AsyncIterable<unknown> {
  if (!telegram.connect) throw new Error("no connect");
  return telegram.connect(account, io, cursor, stop.signal);
}

/** Takes `count` updates, then asks for one more and stops there. */
async function take(cursor: Cursor, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  const before = fake.counts.get("getUpdates") ?? 0;
  const reading = (async () => {
    for await (const update of connect(cursor)) taken.push(update);
  })();
  await fake.waitUntil(
    () => taken.length >= count && (fake.counts.get("getUpdates") ?? 0) > before + 1,
  );
  stop.abort();
  await reading;
  return taken;
}

const offsets = () => fake.callsOf("getUpdates").map((call) => call.body.offset);

describe("polling Telegram", () => {
  it("takes the webhook away, then hands out updates in order", async ({ expect }) => {
    const updates = createUpdates({ firstUpdateId: 500 });
    const sent = [updates.text(1, "a"), updates.text(2, "b"), updates.text(1, "c")];
    fake.enqueue(...sent);
    expect(await take(new MemoryCursor(), 3)).toEqual(sent);
    expect(fake.calls[0]?.method).toBe("deleteWebhook");
    expect(fake.callsOf("getUpdates")[0]?.body).toEqual({
      timeout: 50,
      limit: 100,
      allowed_updates: ["message", "edited_message", "stopped_message_generation"],
    });
  });

  it("gives the offset up only when every update of a batch was taken", async ({ expect }) => {
    const updates = createUpdates({ firstUpdateId: 500 });
    fake.enqueue(updates.text(1, "a"), updates.text(1, "b"));
    const cursor = new MemoryCursor();
    for await (const _first of connect(cursor)) break;
    expect(cursor.saved).toEqual([]);

    expect(await take(cursor, 2)).toHaveLength(2);
    expect(cursor.saved).toEqual([`${BOT_ID}/502/${nowMs}`]);
    expect(offsets()).toEqual([undefined, undefined, 502]);
  });

  it("goes on where it was after a restart", async ({ expect }) => {
    fake.enqueue(createUpdates({ firstUpdateId: 10 }).text(1, "old"));
    const later = createUpdates({ firstUpdateId: 11 }).text(1, "new");
    fake.enqueue(later);
    expect(await take(new MemoryCursor(`${BOT_ID}/11/${nowMs - DAY_MS}`), 1)).toEqual([later]);
  });

  it.for<[string, (now: number) => string]>([
    ["of another bot", (now) => `42/900/${now}`],
    ["older than six days", (now) => `${BOT_ID}/900/${now - 6 * DAY_MS}`],
    ["that is no cursor", () => "900"],
  ])("begins afresh with an offset %s", async ([, cursorAt], { expect }) => {
    fake.enqueue(createUpdates().text(1, "a"));
    expect(await take(new MemoryCursor(cursorAt(nowMs)), 1)).toHaveLength(1);
    expect(offsets()[0]).toBeUndefined();
  });

  it("counts on from an update id beyond 2^53", async ({ expect }) => {
    fake.addFault({
      kind: "garble",
      method: "getUpdates",
      status: 200,
      body: '{"ok":true,"result":[{"update_id":9007199254740993}]}',
    });
    const cursor = new MemoryCursor();
    expect(await take(cursor, 1)).toEqual([{ update_id: "9007199254740993" }]);
    expect(cursor.saved).toEqual([`${BOT_ID}/9007199254740994/${nowMs}`]);
    expect(offsets()).toEqual(["9007199254740994"]);
  });

  it("waits through empty answers and ends with the signal, in the middle of a call", async ({
    expect,
  }) => {
    fake.addFault({
      kind: "garble",
      method: "getUpdates",
      status: 200,
      body: '{"ok":true,"result":[]}',
    });
    expect(await take(new MemoryCursor(), 0)).toEqual([]);
    expect(fake.counts.get("getUpdates")).toBe(2);
  });

  it("does not begin where it is stopped before", async ({ expect }) => {
    stop.abort();
    for await (const update of connect(new MemoryCursor())) expect(update).toBeUndefined();
    expect(fake.counts.size).toBe(0);
  });

  it.for<[string, number, string]>([
    ["another program polls", 409, "channel/conflict"],
    ["the token is not accepted", 401, "channel/unauthorized"],
    ["Telegram is away", 502, "channel/unavailable"],
  ])("says by a code that %s", async ([, code, expected], { expect }) => {
    fake.addFault({ kind: "refuse", method: "getUpdates", code });
    const error = await catchError(
      (async () => {
        for await (const _update of connect(new MemoryCursor())) break;
      })(),
    );
    expect(error).toMatchObject({ code: expected });
    expectNoSecret(expect, error, account);
  });

  it.for(['{"ok":true,"result":{}}', '{"ok":true,"result":[{"id":1}]}'])(
    "does not go round in circles on updates without ids",
    async (body, { expect }) => {
      fake.addFault({ kind: "garble", method: "getUpdates", status: 200, body });
      const reading = connect(new MemoryCursor())[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toMatchObject({
        code: "channel/unavailable",
        message: "Telegram's updates have no ids.",
      });
    },
  );

  it("passes on what the consumer throws and saves nothing", async ({ expect }) => {
    fake.enqueue(createUpdates().text(1, "a"));
    const cursor = new MemoryCursor();
    const failing = (async () => {
      for await (const _update of connect(cursor)) throw new Error("could not store");
    })();
    await expect(failing).rejects.toThrow("could not store");
    expect(cursor.saved).toEqual([]);
  });
});
