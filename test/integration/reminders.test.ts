/** Reminders: set with the answer that promises them, said once, also after a restart and when the box was off. */
import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import { MAX_REMINDERS } from "../../src/core/memory.ts";
import type { AcceptRequest, HistoryPage, SessionCalls } from "../../src/core/session-protocol.ts";
import { env, messageRequest, person } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";

const model = new ScriptedModel();
model.capabilities = ["completion", "tools"];

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const HOUR_MS = 3_600_000;

class Talk {
  readonly conversation = crypto.randomUUID();

  get #stub() {
    return env.SESSION.getByName(messageRequest("", { conversation: this.conversation }).session);
  }

  get #calls(): SessionCalls {
    return this.#stub as unknown as SessionCalls; // as in tools.test.ts
  }

  async send(text: string, as: string = person.personId, lang: "en" | "zh" = "en") {
    const plain = messageRequest(text, { conversation: this.conversation });
    const speaker = { ...person, lang, personId: as as PersonId }; // ids of tests are as good as others
    const request: AcceptRequest = { ...plain, speaker };
    await this.#calls.accept(request);
    return async (): Promise<string> => {
      const state = await this.#calls.reply(request.account, request.event.key, 10_000);
      return state.status === "answered" ? state.text : state.status;
    };
  }

  async say(text: string, as?: string, lang?: "en" | "zh"): Promise<string> {
    return (await this.send(text, as, lang))();
  }

  async texts(): Promise<string[]> {
    const page = (await this.#calls.history(undefined, 100)) as HistoryPage;
    return page.messages.map(({ text }) => text);
  }

  sql(query: string, ...values: SqlStorageValue[]): Promise<Record<string, SqlStorageValue>[]> {
    return runInDurableObject(this.#stub, (_object, state) =>
      state.storage.sql.exec(query, ...values).toArray(),
    );
  }

  /** The time of all reminders comes, or came so long ago; the object remembers nothing of them. */
  async letTimePass(agoMs: number): Promise<void> {
    const atMs = Date.now() - agoMs;
    await this.sql("UPDATE reminders SET due_at_ms = ?1, next_at_ms = ?1", atMs);
    await this.restart();
  }

  /** Ends the object as a crash does. */
  async restart(): Promise<void> {
    await runInDurableObject(this.#stub, (_object, state) => {
      state.abort("killed");
    }).catch(() => undefined);
    await runInDurableObject(this.#stub, (_object, state) => state.storage.setAlarm(Date.now()));
  }

  alarmAtMs(): Promise<number | null> {
    return runInDurableObject(this.#stub, (_object, state) => state.storage.getAlarm());
  }
}

describe("/remind", () => {
  it("sets a reminder that is said once, and the alarm for it", async ({ expect }) => {
    const talk = new Talk();
    expect(await talk.say("/remind in 2 hours to water the plants")).toMatch(
      /^I will remind you on \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\): water the plants$/,
    );
    expect(await talk.say("/reminders")).toContain("– water the plants");
    await until(async () => {
      const atMs = (await talk.alarmAtMs()) ?? 0;
      return atMs > Date.now() + HOUR_MS && atMs < Date.now() + 3 * HOUR_MS;
    });
    await talk.letTimePass(1_000);
    await until(async () => (await talk.texts()).includes("Reminder: water the plants"));
    await talk.restart();
    expect(await talk.say("/whoami")).toContain("Ada");
    expect((await talk.texts()).filter((text) => text.startsWith("Reminder"))).toHaveLength(1);
    expect(await talk.sql("SELECT 1 FROM reminders")).toEqual([]);
    expect(await talk.sql("SELECT 1 FROM outbox WHERE key LIKE '%:0'")).toHaveLength(4);
    expect(await talk.say("/reminders")).toContain("No reminder waits here.");
  });

  it("is late, and says so, where the box was off", async ({ expect }) => {
    const talk = new Talk();
    expect(await talk.say("/remind 明天上午9点 开会", undefined, "zh")).toContain("09:00");
    await talk.letTimePass(5 * HOUR_MS);
    await until(async () => (await talk.texts()).some((text) => text.includes("迟到的提醒")));
    expect((await talk.texts()).at(-1)).toMatch(/^提醒：开会\n\n（迟到的提醒：原定 \d{4}-/);
  });

  it("that repeats comes once for each time, and once for all that were missed", async ({
    expect,
  }) => {
    const talk = new Talk();
    expect(await talk.say("/remind 每天早上八点 吃药", undefined, "zh")).toContain(
      "我会每天 08:00提醒你（UTC），第一次在 ",
    );
    expect(await talk.say("/reminders")).toMatch(
      /1\. \d{4}-\d\d-\d\d 08:00 \(every day at 08:00\) – 吃药/,
    );
    await talk.letTimePass(3 * 24 * HOUR_MS);
    await until(async () => (await talk.texts()).some((text) => text.includes("迟到的提醒")));
    const [next] = await talk.sql("SELECT due_at_ms FROM reminders");
    expect(Number(next?.due_at_ms)).toBeGreaterThan(Date.now());
    expect(Number(next?.due_at_ms)).toBeLessThanOrEqual(Date.now() + 24 * HOUR_MS);
    expect(Number(next?.due_at_ms) % (24 * HOUR_MS)).toBe(8 * HOUR_MS);
    await talk.letTimePass(1_000);
    await until(async () => (await talk.texts()).includes("提醒：吃药"));
    await talk.restart();
    expect(await talk.say("/whoami")).toContain("Ada");
    expect((await talk.texts()).filter((text) => text.includes("提醒：吃药"))).toHaveLength(2);
    expect(await talk.say("/reminders cancel 1")).toBe("Reminder 1 is cancelled.");
    expect(await talk.sql("SELECT 1 FROM reminders")).toEqual([]);
  });

  it.for([
    ["/remind", "Tell me when and what"],
    ["/remind tomorrow", "Tell me when and what"],
    ["/remind today at 0:00 x", "This time is over already"],
    ["/remind every two hours x", "I can remind you every day, on days of the week"],
    ["/remind every day at 9 x", "I will remind you every day at 09:00 (UTC), first on "],
    ["/remind 1 January 2199 x", "within five years only"],
    [`/remind tomorrow ${"x".repeat(480)} ${"y".repeat(10)}`, "I will remind you"],
  ] as const)("answers %j", async ([text, reply], { expect }) => {
    expect(await new Talk().say(text)).toContain(reply);
  });

  it(`takes ${MAX_REMINDERS} for one person, and some of others then`, async ({ expect }) => {
    const talk = new Talk();
    await talk.say("/remind tomorrow x");
    for (let index = 1; index < MAX_REMINDERS; index += 1)
      await talk.sql(
        "INSERT INTO reminders (turn_id, person_id, account, due_at_ms, next_at_ms, body) SELECT ?, person_id, account, due_at_ms, next_at_ms, body FROM reminders LIMIT 1",
        `t${index}`,
      );
    expect(await talk.say("/remind tomorrow y")).toContain(`${MAX_REMINDERS} reminders wait`);
    expect(await talk.say("/remind tomorrow y", "p2")).toContain("I will remind you");
  });
});

describe("the time of a message", () => {
  it("is told to the model on the clocks that the person named here", async ({ expect }) => {
    const talk = new Talk();
    await talk.say("/timezone Shanghai");
    const reply = await talk.send("Hello!");
    const { told } = await model.answer("Hi.");
    expect(told.at(-1)?.content).toMatch(/^\[\w+ \d{4}-\d\d-\d\d \d\d:\d\d UTC\+8\]\nHello!$/);
    expect(await reply()).toBe("Hi.");
  });
});

describe("/reminders", () => {
  it("cancels one's own, and nobody else's", async ({ expect }) => {
    const talk = new Talk();
    await talk.say("/remind tomorrow feed the cat");
    expect(await talk.say("/reminders", "p2")).toContain("No reminder waits here.");
    expect(await talk.say("/reminders cancel 1", "p2")).toContain("No reminder 1 waits here.");
    expect(await talk.say("/reminders cancel 1")).toBe("Reminder 1 is cancelled.");
    expect(await talk.say("/reminders cancel 1")).toContain("No reminder 1 waits here.");
    expect(await talk.sql("SELECT 1 FROM reminders")).toEqual([]);
  });
});

describe("set_reminder", () => {
  it("is set with the answer that promises it", async ({ expect }) => {
    const talk = new Talk();
    const reply = await talk.send("Remind me in two hours to call Bob");
    await model.call({ name: "set_reminder", arguments: { when: "in 2 hours", text: "Call Bob" } });
    const chat = await model.nextChat();
    expect(chat.messages.at(-1)?.content).toMatch(/^Set for \w+, /);
    expect(await talk.sql("SELECT 1 FROM reminders")).toEqual([]);
    chat.pieces.push("I will.");
    chat.isOver = true;
    expect(await reply()).toBe("I will.");
    expect(await talk.sql("SELECT 1 FROM reminders")).toHaveLength(1);
  });

  it("is not set where the turn is stopped, and once where it runs again", async ({ expect }) => {
    const talk = new Talk();
    const args = { when: "in 2 hours", text: "Call Bob" };
    await talk.send("Remind me in two hours to call Bob");
    await model.call({ name: "set_reminder", arguments: args });
    await model.nextChat();
    await talk.say("/stop");
    expect(await talk.sql("SELECT 1 FROM reminders")).toEqual([]);
    const again = await talk.send("Remind me in two hours to call Bob");
    await model.call({ name: "set_reminder", arguments: args });
    await model.nextChat();
    await talk.restart();
    await model.call({ name: "set_reminder", arguments: args });
    await model.answer("I will.");
    expect(await again()).toBe("I will.");
    expect(await talk.sql("SELECT 1 FROM reminders")).toHaveLength(1);
  });

  it("goes with /forget yes", async ({ expect }) => {
    const talk = new Talk();
    await talk.say("/remind tomorrow x y");
    await talk.say("/forget yes");
    expect(await talk.sql("SELECT 1 FROM reminders")).toEqual([]);
  });
});
