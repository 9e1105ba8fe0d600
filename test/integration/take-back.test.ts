/** What a conversation takes back: stopped, edited and forgotten messages, and rows that cannot be worked on. */
import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { TurnId } from "../../src/core/ids.ts";
import type { SessionCalls } from "../../src/core/session-protocol.ts";
import { Outbox } from "../../src/do/delivery/outbox.ts";
import { openKeyring } from "../../src/do/isolate.ts";
import { env, messageRequest, person } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
/** The first wait after a failure. */
const RETRY_MS = 2_000;

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe("a turn", () => {
  it("is told what was said before, and ends as an answer", async ({ expect }) => {
    const talk = new Talk();
    const first = await talk.say("one");
    await model.answer("first answer");
    expect(await talk.replyTo(first)).toEqual({ status: "answered", text: "first answer" });
    const second = await talk.say("two");
    const { messages } = await model.answer("second answer");
    expect(messages.slice(1)).toEqual([
      { role: "user", content: "one" },
      { role: "assistant", content: "first answer" },
      { role: "user", content: "two" },
    ]);
    await talk.replyTo(second);
    expect(await talk.texts()).toEqual(["one", "first answer", "two", "second answer"]);
  });

  it("shows in a group once what it answers, however long the answer is", async ({ expect }) => {
    const conversation = { id: crypto.randomUUID(), kind: "group" as const };
    const request = messageRequest("question", { conversation: conversation.id });
    if (request.event.kind === "stop") throw new Error("no message");
    Object.assign(request, { account: "unknown:main" });
    request.event.message.conversation = conversation;
    request.event.message.target = { conversation, replyTo: "7" };
    const stub = env.SESSION.getByName(request.session);
    const calls = stub as unknown as SessionCalls; // as above
    await calls.accept(request);
    await model.answer("word ".repeat(1_000));
    await calls.reply(request.account, request.event.key, 10_000);
    const keyring = await openKeyring(env);
    const bodies = await runInDurableObject(stub, (_instance, { storage }) => {
      const outbox = new Outbox(storage.sql, keyring, request.session);
      const { turnId } = storage.sql
        .exec<{ turnId: string }>("SELECT DISTINCT turn_id AS turnId FROM outbox")
        .one();
      return Promise.all(outbox.ofTurn(turnId as TurnId).map((row) => outbox.open(row)));
    });
    expect(bodies.map(({ target }) => target)).toEqual([
      { conversation, replyTo: "7" },
      { conversation },
      { conversation },
    ]);
  });

  it("does not ask the model about a message that is too long", async ({ expect }) => {
    const talk = new Talk();
    expect(await talk.ask("a".repeat(32_769))).toEqual({
      status: "answered",
      text: "Your message is longer than I take (32768 characters). Please send it in parts, or as a file.",
    });
    const asked = await talk.say("short");
    expect((await model.answer("yes")).messages).toHaveLength(2);
    await talk.replyTo(asked);
  });
});

describe("/stop", () => {
  it("ends the running answer, keeps what was said and hangs up on the model", async ({
    expect,
  }) => {
    const talk = new Talk();
    const asked = await talk.say("tell me a story");
    const chat = await model.nextChat();
    chat.pieces.push("Once upon");
    const followed = talk.follow(asked);
    await talk.hear(asked, "Once upon");
    expect(await talk.ask("/stop")).toEqual({ status: "answered", text: "Stopped." });
    expect(await talk.replyTo(asked)).toEqual({
      status: "answered",
      text: "Once upon\n\n(stopped)",
    });
    expect(await followed).toContain('"type":"end"');
    await until(() => chat.isCancelled);
    expect((await talk.history()).find((message) => message.cut)).toMatchObject({
      text: "Once upon",
      cut: "stopped",
    });
  });

  it("tells those who wait for a message that has not begun", async ({ expect }) => {
    const talk = new Talk();
    await talk.say("one");
    const chat = await model.nextChat();
    const waiting = await talk.say("two");
    const [reply, followed] = [talk.replyTo(waiting), talk.follow(waiting)];
    await scheduler.wait(20);
    const startedAtMs = Date.now();
    await talk.ask("/stop");
    expect(await reply).toEqual({ status: "answered", text: "" });
    expect(await followed).toContain('"type":"end"');
    expect(Date.now() - startedAtMs).toBeLessThan(5_000);
    await until(() => chat.isCancelled);
  });

  it("says nothing of an answer that had not begun", async ({ expect }) => {
    const talk = new Talk();
    const asked = await talk.say("one");
    await model.nextChat();
    await talk.ask("/stop");
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "" });
    expect(await talk.texts()).toEqual(["one", "/stop", "Stopped."]);
  });
});

describe("an edit", () => {
  it("of the message that is being answered is answered in its place", async ({ expect }) => {
    const talk = new Talk();
    const asked = await talk.say("helo", "7");
    const chat = await model.nextChat();
    chat.pieces.push("I do not know helo");
    await talk.hear(asked, "I do not know helo");
    await talk.edit("hello", "7");
    const { messages } = await model.answer("Hello to you");
    expect(messages.at(-1)).toEqual({ role: "user", content: "hello" });
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "Hello to you" });
    expect(await talk.texts()).toEqual(["hello", "Hello to you"]);
  });
});

describe("/new", () => {
  it("leaves out the talk before it, also the answer that ran then", async ({ expect }) => {
    const talk = new Talk();
    const old = await talk.say("old question");
    const chat = await model.nextChat();
    await talk.ask("/new");
    chat.pieces.push("old answer");
    chat.isOver = true;
    await talk.replyTo(old);
    const next = await talk.say("new question");
    const { messages } = await model.answer("new answer");
    expect(messages.slice(1)).toEqual([{ role: "user", content: "new question" }]);
    await talk.replyTo(next);
  });
});

describe("/forget yes", () => {
  it("erases everything, and the running answer with it", async ({ expect }) => {
    const talk = new Talk();
    const first = await talk.say("my secret");
    await model.answer("kept safe");
    await talk.replyTo(first);
    await talk.calls.storeFile({
      personId: person.personId,
      kind: "file",
      name: "a.txt",
      mime: "text/plain",
      bytes: new Uint8Array(10),
    });
    const running = await talk.say("another secret");
    const chat = await model.nextChat();
    chat.pieces.push("about your secret");
    await talk.hear(running, "about your secret");
    expect(await talk.ask("/forget yes")).toEqual({
      status: "answered",
      text: "Forgotten: 3 messages.",
    });
    expect(await talk.replyTo(running)).toEqual({ status: "answered", text: "" });
    expect(await talk.texts()).toEqual(["/forget yes", "Forgotten: 3 messages."]);
    expect(await talk.sql("SELECT id FROM files")).toEqual([]);
    expect(await talk.sql("SELECT file_id FROM file_chunks")).toEqual([]);
    const next = await talk.say("hello");
    expect((await model.answer("hi")).messages).toHaveLength(2);
    await talk.replyTo(next);
  });

  it("leaves what was said after it alone", async ({ expect }) => {
    const talk = new Talk();
    const requests = ["/whoami", "/forget yes", "/help", "what now?"].map((text) =>
      messageRequest(text, { conversation: talk.conversation }),
    );
    await Promise.all(requests.map((request) => talk.calls.accept(request)));
    await model.answer("this");
    const replies = await Promise.all(requests.map((request) => talk.replyTo(request)));
    expect(replies[2]).toMatchObject({ text: expect.stringContaining("/help – this list") });
    expect(replies[3]).toEqual({ status: "answered", text: "this" });
    expect(await talk.sql("SELECT 1 FROM inbox WHERE state = 'queued'")).toEqual([]);
  });
});

describe("a row that cannot be worked on", () => {
  it("does not block its lane where its message was erased", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("/whoami");
    await talk.sql("UPDATE inbox SET state = 'queued'");
    await talk.sql("DELETE FROM messages");
    await talk.kill();
    await talk.say("/help");
    await until(async () => (await talk.texts()).length === 2);
    expect(await talk.sql("SELECT DISTINCT state FROM inbox")).toEqual([{ state: "done" }]);
  });

  it("backs off where it cannot be opened, and can be stopped", async ({ expect }) => {
    const talk = new Talk();
    await talk.say("one");
    const chat = await model.nextChat();
    const broken = await talk.say("two");
    const beforeMs = Date.now();
    await talk.sql("UPDATE messages SET body = zeroblob(40) WHERE seq = 2");
    chat.pieces.push("answer");
    chat.isOver = true;
    await until(
      async () => (await talk.sql("SELECT 1 FROM inbox WHERE attempts > 0")).length === 1,
    );
    const [row] = await talk.sql("SELECT state, next_at_ms FROM inbox WHERE attempts > 0");
    expect(row).toMatchObject({ state: "queued" });
    expect(Number(row?.next_at_ms)).toBeGreaterThanOrEqual(beforeMs + RETRY_MS);
    expect(await talk.replyTo(broken, 0)).toEqual({ status: "pending" });
    expect(await talk.ask("/stop")).toEqual({ status: "answered", text: "Stopped." });
    expect(await talk.replyTo(broken)).toEqual({ status: "answered", text: "" });
  });
});

describe("a transaction that fails", () => {
  it("leaves nothing behind, neither stored nor remembered", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("/whoami");
    const asked = await talk.say("one");
    const chat = await model.nextChat();
    await talk.sql(
      "CREATE TRIGGER full BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    for (const text of ["/stop", "/forget yes", "two"])
      expect(await talk.failureOf(text)).toContain("disk full");
    chat.pieces.push("answer");
    chat.isOver = true;
    await until(
      async () => (await talk.sql("SELECT 1 FROM inbox WHERE attempts > 0")).length === 1,
    );
    await talk.sql("DROP TRIGGER full");
    await model.answer("second try");
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "second try" });
    expect(await talk.texts()).toEqual([
      "/whoami",
      "You are Ada (owner), here as web.",
      "one",
      "second try",
    ]);
    expect(await talk.ask("/status")).toMatchObject({
      text: expect.stringContaining("Waiting in this conversation: 0\nMessages kept: 5"),
    });
    await until(async () => (await talk.sql("SELECT 1 FROM journal")).length === 0);
  });
});

describe("an object that is ended", () => {
  it("answers in its next life what it had accepted, once", async ({ expect }) => {
    const talk = new Talk();
    const asked = await talk.say("one");
    const chat = await model.nextChat();
    chat.pieces.push("half an an");
    await talk.hear(asked, "half an an");
    await talk.kill();
    const request = talk.replyTo(asked);
    await model.answer("whole answer");
    expect(await request).toEqual({ status: "answered", text: "whole answer" });
    expect(await talk.texts()).toEqual(["one", "whole answer"]);
  });
});
