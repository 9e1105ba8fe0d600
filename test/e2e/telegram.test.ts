/** The way of a Telegram message through the real server: in by webhook or polling, out by drafts, edits and messages. */
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { ShownMessage } from "../support/fake-telegram-methods.ts";
import type { Update } from "../support/fake-telegram-updates.ts";
import { until } from "../support/rockpool-process.ts";
import { linesOf } from "../support/server-log.ts";
import { readSessions } from "../support/stored-rows.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";
import { signInToWeb } from "../support/web-person.ts";

const WORDS = { reply: "words", tokenMs: 20 } as const;
const MAX_MESSAGE_UNITS = 4096;

let box: TelegramBox;
let nextChat = 1_001;

beforeAll(async () => {
  // Room for the longest message of these tests, told whole.
  box = await startTelegramBox({ start: { env: { ROCKPOOL_CONTEXT_TOKENS: "32768" } } });
});
afterEach(() => {
  box.telegram.clearFaults();
  box.ollama.control({ reply: "echo", tokens: 8, tokenMs: 0, hold: false });
});
afterAll(() => box.discard());

/** A chat that no other test writes to. */
function newChat(): number {
  nextChat += 1;
  return nextChat;
}

async function messagesWhen(chatId: number, count: number): Promise<ShownMessage[]> {
  await box.telegram.waitUntil(() => box.telegram.messagesOf(chatId).length >= count, 20_000);
  return box.telegram.messagesOf(chatId);
}

/** Texts of a chat once it has this many. */
async function textsWhen(chatId: number, count: number): Promise<string[]> {
  return (await messagesWhen(chatId, count)).map((message) => message.text);
}

function messageIdOf(update: Update): number {
  const message = update.message as { message_id: number }; // made by the update maker
  return message.message_id;
}

function callsTo(method: string, chatId: number) {
  return box.telegram.callsOf(method).filter((call) => String(call.body.chat_id) === `${chatId}`);
}

/** A later message is answered after all that came before it: what has not been said by then never is. */
async function settle(chatId: number): Promise<void> {
  const before = box.telegram.messagesOf(chatId).length;
  await box.deliver(box.updates.text(chatId, "/whoami"));
  await messagesWhen(chatId, before + 1);
}

describe("a private chat", () => {
  it("gets one answer to a message", async ({ expect }) => {
    const chat = newChat();
    await box.deliver(box.updates.text(chat, "hello"));
    expect(await textsWhen(chat, 1)).toEqual(["echo: hello"]);
  });

  it("sees a long answer grow as one draft, and then gets it as one message", async ({
    expect,
  }) => {
    const chat = newChat();
    box.ollama.control({ ...WORDS, tokens: 120 });
    await box.deliver(box.updates.text(chat, "tell me a lot"));
    const [answer] = await messagesWhen(chat, 1);
    const drafts = callsTo("sendMessageDraft", chat);
    expect(drafts.length).toBeGreaterThanOrEqual(3);
    expect(new Set(drafts.map((call) => call.body.draft_id)).size).toBe(1);
    const texts = [...drafts.map((call) => String(call.body.text)), answer?.text ?? ""];
    for (const [index, text] of texts.slice(1).entries())
      expect(text.startsWith(texts[index] ?? "?")).toBe(true);
    expect(answer?.text.split(" ").length).toBeGreaterThanOrEqual(120);
    expect(callsTo("sendChatAction", chat).length).toBeLessThanOrEqual(1);
    await settle(chat);
    expect(callsTo("sendMessage", chat)).toHaveLength(2);
    expect(callsTo("sendMessageDraft", chat)).toHaveLength(drafts.length);
  });

  it("gets an answer of 10,000 characters in parts, in order, each code block whole", async ({
    expect,
  }) => {
    const chat = newChat();
    const lines = Array.from({ length: 300 }, (_, at) => `const value${at} = compute(${at});`);
    const question = `Look:\n\n\`\`\`js\n${lines.join("\n")}\n\`\`\`\n\nThat was all.`;
    expect(`echo: ${question}`.length).toBeGreaterThan(8_000);
    await box.deliver(box.updates.text(chat, question.padEnd(10_000, " and more")));
    const texts = await textsWhen(chat, 3);
    await settle(chat);
    const calls = callsTo("sendMessage", chat).slice(0, -1);
    expect(calls).toHaveLength(texts.length);
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(MAX_MESSAGE_UNITS);
    for (const { body } of calls) {
      expect(body.parse_mode).toBe("HTML");
      const marks =
        String(body.text)
          .match(/<\/?pre>/g)
          ?.join("") ?? "";
      expect(marks).toMatch(/^(<pre><\/pre>)*$/);
    }
    const code = calls.flatMap(({ body }) =>
      [...String(body.text).matchAll(/<pre><code class="language-js">([^<]*)</g)].flatMap(
        (found) => found[1]?.split("\n") ?? [],
      ),
    );
    expect(code.filter((line) => line !== "")).toEqual(lines);
    expect(texts[0]).toMatch(/^echo: Look:/);
    expect(texts.at(-1)).toMatch(/and/);
  });

  it("has its messages answered one after the other, the second with the first in mind", async ({
    expect,
  }) => {
    const chat = newChat();
    const { held: heldBefore } = box.ollama.stats();
    box.ollama.control({ hold: true });
    await box.deliver(box.updates.text(chat, "one"), box.updates.text(chat, "two"));
    await until(() => box.ollama.stats().held > heldBefore, "the first chat");
    expect(box.ollama.stats().held).toBe(heldBefore + 1);
    box.ollama.control({ hold: false });
    expect(await textsWhen(chat, 2)).toEqual(["echo: one", "echo: two"]);
    const told = box.ollama.stats().lastChat?.messages.map((message) => message.content);
    expect(told?.slice(1)).toEqual(["one", "echo: one", "two"]);
  });
});

describe("a group", () => {
  it("is answered only when the bot is named or answered, in one message that is edited", async ({
    expect,
  }) => {
    const group = -newChat();
    const [anna, ben] = [newChat(), newChat()];
    box.ollama.control({ ...WORDS, tokens: 130, tokenMs: 50 });
    const mention = box.updates.groupMention(group, anna, "what do you think?");
    await box.deliver(box.updates.groupText(group, ben, "nobody is meant"), mention);
    const [shown] = await messagesWhen(group, 1);
    expect(shown).toMatchObject({ replyTo: messageIdOf(mention), edits: 0 });
    await box.telegram.waitUntil(() => (shown?.text.split(" ").length ?? 0) >= 130, 20_000);
    expect(box.telegram.messagesOf(group)).toEqual([shown]);
    expect(callsTo("editMessageText", group)).toHaveLength(shown?.edits ?? 0);
    expect(shown?.edits).toBeGreaterThanOrEqual(2);
    expect(callsTo("sendMessageDraft", group)).toEqual([]);

    box.ollama.control({ reply: "echo" });
    const reply = box.updates.groupReply(group, ben, "and this?", shown?.id ?? 0);
    await box.deliver(box.updates.groupText(group, anna, "still nobody"), reply);
    const messages = await messagesWhen(group, 2);
    expect(messages[1]).toMatchObject({ replyTo: messageIdOf(reply), edits: 0 });
    expect(messages[1]?.text).toMatch(/^echo: Person \d+: and this\?$/);
    expect(messages).toHaveLength(2);
  });
});

describe("a running answer", () => {
  it("is given up for the new text when its question is edited", async ({ expect }) => {
    const chat = newChat();
    const { held, aborted } = box.ollama.stats();
    box.ollama.control({ hold: true });
    const question = box.updates.text(chat, "old question");
    await box.deliver(question);
    await until(() => box.ollama.stats().held > held, "the chat");
    await box.deliver(box.updates.edit(chat, messageIdOf(question), "new question"));
    await until(() => box.ollama.stats().aborted > aborted, "the model to be let go");
    box.ollama.control({ hold: false });
    expect(await textsWhen(chat, 1)).toEqual(["echo: new question"]);
    await settle(chat);
    expect(box.telegram.messagesOf(chat)).toHaveLength(2);
  });

  it("stays as far as it came, marked, after /stop", async ({ expect }) => {
    const chat = newChat();
    const { aborted } = box.ollama.stats();
    box.ollama.control({ ...WORDS, tokens: 1_000 });
    await box.deliver(box.updates.text(chat, "a very long story"));
    await box.telegram.waitUntil(() => box.telegram.draftOf(chat) !== undefined);
    await box.deliver(box.updates.text(chat, "/stop"));
    const texts = (await textsWhen(chat, 2)).toSorted((a, b) => a.length - b.length);
    expect(texts[0]).toBe("Stopped.");
    expect(texts[1]).toMatch(/^\w+ .*\n\n\(stopped\)$/s);
    await until(() => box.ollama.stats().aborted > aborted, "the model to be let go");
    await settle(chat);
    expect(box.telegram.messagesOf(chat)).toHaveLength(3);
  });

  it("ends by the stop button under its draft, too", async ({ expect }) => {
    const chat = newChat();
    box.ollama.control({ ...WORDS, tokens: 1_000 });
    await box.deliver(box.updates.text(chat, "another long story"));
    await box.telegram.waitUntil(() => box.telegram.draftOf(chat) !== undefined);
    const draftId = Number(callsTo("sendMessageDraft", chat)[0]?.body.draft_id);
    await box.deliver(box.updates.stop(chat, draftId));
    const texts = await textsWhen(chat, 2);
    expect(texts.filter((text) => text.endsWith("(stopped)"))).toHaveLength(1);
    expect(texts).toContain("Stopped.");
  });
});

describe("Telegram in a bad mood", () => {
  it("is obeyed when it asks to wait, and gets the message once", async ({ expect }) => {
    const chat = newChat();
    box.telegram.addFault({
      kind: "refuse",
      method: "sendMessage",
      code: 429,
      retryAfterSeconds: 2,
    });
    await box.deliver(box.updates.text(chat, "patience"));
    const retry = { session: `telegram:main:${chat}`, code: "channel/rate_limited" };
    await until(() => linesOf(box.rockpool.dataDir, "outbox:retry", retry).length > 0, "the retry");
    const refusedAtMs = performance.now();
    expect(await textsWhen(chat, 1)).toEqual(["echo: patience"]);
    // The log line was looked for a moment after the refusal.
    expect(performance.now() - refusedAtMs).toBeGreaterThan(1_700);
    await settle(chat);
    expect(callsTo("sendMessage", chat)).toHaveLength(2);
    expect(linesOf(box.rockpool.dataDir, "outbox:retry", retry)).toMatchObject([{ waitMs: 2_000 }]);
  });

  it("gets the message again after a failure of its own, however long the next answer takes", async ({
    expect,
  }) => {
    const chat = newChat();
    const retry = { session: `telegram:main:${chat}`, code: "channel/unavailable" };
    box.telegram.addFault({ kind: "refuse", method: "sendMessage", code: 500, times: 2 });
    await box.deliver(box.updates.text(chat, "again"));
    await until(() => linesOf(box.rockpool.dataDir, "outbox:retry", retry).length > 0, "the retry");
    const { held } = box.ollama.stats();
    box.ollama.control({ hold: true });
    await box.deliver(box.updates.text(chat, "next"));
    await until(() => box.ollama.stats().held > held, "the next turn");
    expect(await textsWhen(chat, 1)).toEqual(["echo: again"]);
    box.ollama.control({ hold: false });
    expect(await textsWhen(chat, 2)).toEqual(["echo: again", "echo: next"]);
    await settle(chat);
    expect(callsTo("sendMessage", chat)).toHaveLength(3);
    expect(linesOf(box.rockpool.dataDir, "outbox:retry", retry)).toHaveLength(2);
  });

  it("gets plain text where it cannot read the markup", async ({ expect }) => {
    const chat = newChat();
    box.telegram.addFault({
      kind: "refuse",
      method: "sendMessage",
      code: 400,
      description: "Bad Request: can't parse entities: unexpected end tag",
    });
    await box.deliver(box.updates.text(chat, "**bold** and <b>"));
    const [answer] = await textsWhen(chat, 1);
    expect(answer).toMatch(/^echo: .*bold.* and <b>$/);
    const [call] = callsTo("sendMessage", chat);
    expect(call?.body.parse_mode).toBeUndefined();
  });

  it("keeps its no: what it refuses for good is logged and holds up nothing behind it", async ({
    expect,
  }) => {
    const chat = newChat();
    box.telegram.addFault({
      kind: "refuse",
      method: "sendMessage",
      code: 403,
      description: "Forbidden: bot was blocked by the user",
    });
    await box.deliver(box.updates.text(chat, "lost"), box.updates.text(chat, "found"));
    expect(await textsWhen(chat, 1)).toEqual(["echo: found"]);
    const session = `telegram:main:${chat}`;
    const parkedLines = () => linesOf(box.rockpool.dataDir, "outbox:parked", { session });
    await until(() => parkedLines().length > 0, "the log line");
    const parked = parkedLines();
    expect(parked).toMatchObject([{ level: "error", code: "channel/rejected" }]);
    expect(parked[0]?.cause).toContain("bot was blocked by the user");
  });
});

describe("files", () => {
  it("are fetched from Telegram, kept, and open in the linked web chat", async ({ expect }) => {
    const chat = newChat();
    const { telegram, updates } = box;
    const sent = {
      image: Buffer.from("the bytes of a photo"),
      file: Buffer.from("%PDF the bytes of a document"),
      voice: Buffer.from("OggS the bytes of a voice note"),
    };
    await box.deliver(
      updates.photo(chat, telegram.addFile(sent.image), "look at this"),
      updates.document(chat, telegram.addFile(sent.file), "plan.pdf", "application/pdf"),
      updates.voice(chat, telegram.addFile(sent.voice), 3),
    );
    const [image, file, voice] = await textsWhen(chat, 3);
    expect(image).toMatch(/^I cannot look at image: /); // these bytes are no picture
    expect(file).toMatch(/^I cannot read plan\.pdf: /); // nor are these a document
    expect(voice).toMatch(/^I have no ears yet: /);

    await box.deliver(updates.text(chat, "/link"));
    const code = /\/link ([A-Z0-9]+)/.exec((await textsWhen(chat, 4))[3] ?? "")?.[1];
    const web = await signInToWeb(box.rockpool.ownerLink);
    await web.write(`/link ${code}`);
    const messages = await web.historyWhen((all) => all.length >= 8, "the shared history");
    const media = messages.flatMap((message) => message.media);
    expect(media.map(({ kind, name, mime }) => ({ kind, name, mime }))).toMatchObject([
      { kind: "image" },
      { kind: "file", name: "plan.pdf", mime: "application/pdf" },
      { kind: "voice", mime: "audio/ogg" },
    ]);
    for (const [index, bytes] of [sent.image, sent.file, sent.voice].entries()) {
      const response = await web.get(`/api/chat/files/${media[index]?.fileId}`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    }
  });
});

describe("a polling account", () => {
  it("answers each update once, also through a kill -9", async ({ expect }) => {
    const polling = await startTelegramBox({ transport: "poll" });
    const { telegram, updates } = polling;
    const chat = newChat();
    const texts = () => telegram.messagesOf(chat).map((message) => message.text);
    try {
      telegram.enqueue(updates.text(chat, "first"));
      await telegram.waitUntil(() => texts().length === 1);
      const pollsBefore = telegram.callsOf("getUpdates").length;
      await telegram.waitUntil(() =>
        telegram.callsOf("getUpdates").some((call) => Number(call.body.offset) === 2),
      );
      // A send whose result is not stored yet would rightly be doubled.
      const isStored = () =>
        readSessions(polling.rockpool.dataDir)
          .flatMap((session) => session.rows("outbox"))
          .every((row) => row.state === "sent");
      await until(isStored, "the result of the send on disk");
      await polling.kill9();
      telegram.enqueue(updates.text(chat, "second"));
      await telegram.waitUntil(() => texts().length === 2, 15_000);
      const polls = telegram.callsOf("getUpdates");
      expect(polls.length).toBeGreaterThan(pollsBefore);
      expect(polls.at(-1)?.body.offset).toBeGreaterThanOrEqual(2);
      telegram.enqueue(updates.text(chat, "third"));
      await telegram.waitUntil(() => texts().length === 3, 15_000);
      expect(texts()).toEqual(["echo: first", "echo: second", "echo: third"]);
    } finally {
      await polling.discard();
    }
  });
});
