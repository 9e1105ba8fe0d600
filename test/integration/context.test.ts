/** What a conversation's model is told, over many turns: pinned notes, what is summarised, what is learnt of its tokens. */
import { runInDurableObject } from "cloudflare:test";
import { afterAll, afterEach, beforeAll, describe, it, vi } from "vitest";
import type { SessionKey } from "../../src/core/ids.ts";
import { Meta } from "../../src/do/session/meta.ts";
import { openSessionParts, type SessionParts } from "../../src/do/session/session-parts.ts";
import { workSummary } from "../../src/do/turn/work-summary.ts";
import { SYSTEM_TEXT } from "../../src/turn/notes.ts";
import { estimatePrompt } from "../../src/turn/tokens.ts";
import { env, messageRequest } from "../support/integration.ts";
import { type Chat, ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();

/** Two answers of this length fill more than six tenths of the window, four of them all of it. */
const LONG_ANSWER = "word ".repeat(1_200);

/** Chats that the model server is going to find too long. */
let refusals = 0;

beforeAll(() => {
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    if (refusals === 0 || !request.url.endsWith("/api/chat")) return model.fetch(request);
    refusals -= 1;
    return Response.json({ error: "the input exceeds the context length" }, { status: 400 });
  });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

let talks: Talk[] = [];

/** What one conversation would summarise later must not come into another's test. */
afterEach(async () => {
  await Promise.all(talks.map((talk) => talk.kill()));
  talks = [];
});

function newTalk(): Talk {
  const talk = new Talk();
  talks.push(talk);
  return talk;
}

/** Summaries that are asked for meanwhile are left waiting: they give way to the next message. */
async function turn(talk: Talk, text: string, answer: string): Promise<Chat> {
  const asked = await talk.say(text);
  let chat = await model.nextChat();
  while (!chat.told.at(-1)?.content.endsWith(text)) chat = await model.nextChat();
  chat.pieces.push(answer);
  chat.isOver = true;
  await talk.replyTo(asked);
  return chat;
}

/** Summarises at once, in an object that has planned nothing. */
async function summarise(talk: Talk, summary: string): Promise<Chat> {
  await talk.kill();
  const [chat] = await Promise.all([
    model.answer(summary),
    withParts(talk, (parts) => workSummary(parts)),
  ]);
  await talk.kill();
  return chat;
}

/** The parts of a conversation's object, as it would find them in its next life. */
function withParts<Result>(
  talk: Talk,
  work: (parts: SessionParts) => Promise<Result>,
): Promise<Result> {
  const { session } = messageRequest("", { conversation: talk.conversation });
  return runInDurableObject(env.SESSION.getByName(session), async (_instance, { storage }) => {
    const meta = new Meta(storage.sql);
    return work(await openSessionParts(env, storage, meta, session as SessionKey));
  });
}

/** A conversation of long turns, and one summary made of its older half at once. */
async function summarised(turns: number, summary: string): Promise<{ talk: Talk; chat: Chat }> {
  const talk = newTalk();
  for (let index = 1; index <= turns; index += 1) await turn(talk, `q${index}`, LONG_ANSWER);
  return { talk, chat: await summarise(talk, summary) };
}

describe("pinned notes", () => {
  it("stand before everything else, through /new, until they are taken away", async ({
    expect,
  }) => {
    const talk = newTalk();
    expect(await talk.ask("/pin I am vegan")).toEqual({
      status: "answered",
      text: "Pinned as number 1. I keep it in mind in this conversation, also after /new.",
    });
    const first = await turn(talk, "one", "first");
    expect(first.told[1]?.content).toMatch(
      /^Pinned notes:\n> I am vegan\n\n\[[A-Z][a-z]+day \d{4}-\d\d-\d\d \d\d:\d\d UTC\]\none$/,
    );
    const second = await turn(talk, "two", "second");
    expect(second.told.slice(0, 2)).toEqual(first.told);
    await talk.ask("/new");
    const third = await turn(talk, "three", "third");
    expect(third.told).toHaveLength(2);
    expect(third.told[1]?.content).toMatch(/^Pinned notes:\n> I am vegan\n\n\[/);
    expect(await talk.ask("/unpin 1")).toEqual({
      status: "answered",
      text: "No longer pinned: I am vegan",
    });
    expect((await turn(talk, "four", "fourth")).messages[1]).toEqual({
      role: "user",
      content: "three",
    });
  });

  it("are kept sealed, in the object's next life too", async ({ expect }) => {
    const talk = newTalk();
    await talk.ask("/pin rhubarb");
    const [row] = await talk.sql("SELECT hex(body) AS body FROM pins");
    const plain = Array.from(new TextEncoder().encode("rhubarb"), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    expect(String(row?.body).toLowerCase()).not.toContain(plain);
    await talk.kill();
    expect(await talk.ask("/pins")).toEqual({ status: "answered", text: "Pinned:\n1. rhubarb" });
  });

  it("are erased by /forget yes", async ({ expect }) => {
    const talk = newTalk();
    await talk.ask("/pin rhubarb");
    await talk.ask("/forget yes");
    expect(await talk.ask("/pins")).toMatchObject({ text: expect.stringContaining("Nothing") });
    expect(await talk.sql("SELECT 1 FROM pins")).toEqual([]);
  });
});

describe("a past that grows", () => {
  it("is told in full at first, and the prompt only grows at its end", async ({ expect }) => {
    const talk = newTalk();
    let before: Chat | undefined;
    for (const name of ["one", "two", "three"]) {
      const chat = await turn(talk, name, `answer ${name}`);
      expect(chat.told.slice(0, before?.told.length ?? 0)).toEqual(before?.told ?? []);
      before = chat;
    }
    expect(before?.told[0]).toEqual({ role: "system", content: SYSTEM_TEXT });
  });

  it("is summarised when it is quiet, and told as that from then on", async ({ expect }) => {
    const talk = newTalk();
    await turn(talk, "my cat is called Tom", LONG_ANSWER);
    const second = await turn(talk, "q2", LONG_ANSWER);
    const request = await model.answer("A cat called Tom.\nLong words.");
    // All of it but the request itself is what the last turn was told, in the server's cache.
    expect(request.told.slice(0, -1)).toEqual(second.told.slice(0, 3));
    expect(request.told.at(-1)?.content).toContain("Summarise");
    await until(async () => (await talk.sql("SELECT 1 FROM summary")).length === 1);
    const third = await turn(talk, "q3", "short");
    expect(third.messages.map((message) => message.role)).toEqual([
      "system",
      "user",
      "assistant",
      "user",
    ]);
    expect(third.told[1]?.content).toMatch(
      /^Summary of what was said before:\n> A cat called Tom\.\n> Long words\.\n\n\[.+\]\nq2$/,
    );
    const fourth = await turn(talk, "q4", "short");
    expect(fourth.told.slice(0, 4)).toEqual(third.told);
    const [row] = await talk.sql("SELECT through_seq, hex(body) AS body FROM summary");
    expect(row?.through_seq).toBe(1);
    expect(row?.body).not.toContain("546F6D");
  });

  it("is summarised again with the summary before, and with what was dropped", async ({
    expect,
  }) => {
    const { talk } = await summarised(2, "First summary.");
    await turn(talk, "q3", LONG_ANSWER);
    const chat = await summarise(talk, "Second summary.");
    expect(chat.told[1]?.content).toMatch(/^Summary of what was said before:\n> First summary\./);
    const next = await turn(talk, "q4", "short");
    expect(next.told[1]?.content).toMatch(/^Summary of what was said before:\n> Second summary\./);
    expect(next.told[1]?.content).not.toContain("First");
  });

  it("gives way to a message, and is summarised after it", async ({ expect }) => {
    const talk = newTalk();
    await turn(talk, "q1", LONG_ANSWER);
    await turn(talk, "q2", LONG_ANSWER);
    const request = await model.nextChat();
    const asked = await talk.say("q3");
    await until(() => request.isCancelled);
    await model.answer("short");
    expect(await talk.replyTo(asked)).toMatchObject({ text: "short" });
    await model.answer("Summary at last.");
    await until(async () => (await talk.sql("SELECT 1 FROM summary")).length === 1);
  });

  it("loses its oldest turns where no summary can be made, and they are summarised later", async ({
    expect,
  }) => {
    const talk = newTalk();
    for (let index = 1; index <= 4; index += 1) await turn(talk, `q${index}`, LONG_ANSWER);
    const fifth = await turn(talk, "q5", "short");
    expect(fifth.messages.length).toBeLessThan(8);
    expect(estimatePrompt(fifth.told as Parameters<typeof estimatePrompt>[0])).toBeLessThan(6_144);
    const [dropped] = await talk.sql("SELECT value FROM meta WHERE name = 'droppedThroughSeq'");
    const chat = await summarise(talk, "What was dropped.");
    expect(chat.messages[1]?.content).toBe("q1");
    const [row] = await talk.sql("SELECT through_seq FROM summary");
    expect(String(row?.through_seq)).toBe(dropped?.value);
  });
});

describe("a summary", () => {
  it("is made of nothing where there is room", async ({ expect }) => {
    const talk = newTalk();
    await turn(talk, "q1", "short");
    await talk.kill();
    const asked = model.chats.length;
    await withParts(talk, (parts) => workSummary(parts));
    expect(model.chats.length).toBe(asked);
  });

  it("is left behind by /new, and erased by /forget yes", async ({ expect }) => {
    for (const command of ["/new", "/forget yes"]) {
      const { talk } = await summarised(2, "Secret summary.");
      await talk.ask(command);
      expect(await talk.sql("SELECT 1 FROM summary")).toEqual([]);
      expect((await turn(talk, "fresh", "yes")).messages).toEqual([
        { role: "system", content: SYSTEM_TEXT },
        { role: "user", content: "fresh" },
      ]);
    }
  });

  it.for(["/new", "/forget yes"])(
    "is not kept where %s came while it was made",
    async (command, { expect }) => {
      const talk = newTalk();
      for (const name of ["q1", "q2"]) await turn(talk, name, LONG_ANSWER);
      await talk.kill();
      await withParts(talk, async (parts) => {
        const working = workSummary(parts);
        const chat = await model.nextChat();
        // As accept.ts and work-command.ts do it, in the same transactions.
        parts.commit(() => {
          if (command === "/new") parts.meta.raise("contextFromSeq", 100);
          else parts.history.forget();
        });
        chat.pieces.push("Secret summary.");
        chat.isOver = true;
        await working;
        expect(parts.summaryWork).toMatchObject({ dueAtMs: undefined, failures: 0 });
      });
      expect(await talk.sql("SELECT 1 FROM summary")).toEqual([]);
    },
  );

  it("that cannot be made is put off, longer each time, and changes nothing", async ({
    expect,
  }) => {
    const talk = newTalk();
    for (const name of ["q1", "q2"]) await turn(talk, name, LONG_ANSWER);
    await talk.kill();
    await withParts(talk, async (parts) => {
      const waits: number[] = [];
      for (const answer of ["", "   \n", "x".repeat(30_000)]) {
        const startedAtMs = Date.now();
        await Promise.all([model.answer(answer), workSummary(parts)]);
        waits.push(Math.round((parts.summaryWork.notBeforeMs - startedAtMs) / 60_000));
      }
      expect(waits).toEqual([1, 2, 4]);
    });
    expect(await talk.sql("SELECT 1 FROM summary")).toEqual([]);
  });
});

describe("a chat that the server finds too long", () => {
  it("is asked again with less of the past, until it fits", async ({ expect }) => {
    const talk = newTalk();
    await turn(talk, "q1", LONG_ANSWER);
    const before = await turn(talk, "q2", LONG_ANSWER);
    await talk.kill();
    refusals = 2;
    const after = await turn(talk, "q3", "short");
    expect(refusals).toBe(0);
    expect(before.messages).toHaveLength(4);
    expect(after.messages).toHaveLength(2);
    expect(await withParts(talk, async (parts) => parts.tokenRates.of("test:1b"))).toBeCloseTo(
      1.96,
    );
  });

  it("fails with one explanation where no less is left", async ({ expect }) => {
    const talk = newTalk();
    refusals = 4;
    expect(await talk.ask("q1")).toMatchObject({
      text: expect.stringMatching(/^The model server refused this/),
    });
    expect(refusals).toBe(0);
  });
});

describe("a model that cannot see", () => {
  it("is not asked about a picture, and the person is told what to do", async ({ expect }) => {
    const talk = newTalk();
    const bytes = new Uint8Array(30);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82]);
    bytes.set([0, 0, 0, 9, 0, 0, 0, 9], 16);
    const picture = { kind: "image", name: "a.png", mime: "image/png", bytes } as const;
    const asked = model.chats.length;
    expect(await talk.replyTo(await talk.sayWith("what is this?", [picture]))).toEqual({
      status: "answered",
      text: "test:1b cannot see pictures, so I do not guess at yours. `/model vision` takes a model that can, if one is installed; or tell me in words what is in it.",
    });
    expect(model.chats.length).toBe(asked);
    expect((await turn(talk, "a cat", "I see")).messages).toHaveLength(2);
  });
});

describe("a voice note", () => {
  const voice = {
    kind: "voice",
    name: "voice",
    mime: "audio/ogg",
    bytes: new Uint8Array(10),
  } as const;

  it("is kept and not guessed at where nobody can write it down", async ({ expect }) => {
    const talk = newTalk();
    const asked = model.chats.length;
    expect(await talk.replyTo(await talk.sayWith("", [voice]))).toEqual({
      status: "answered",
      text: "I have no ears yet: no transcription server is set up, so I kept your voice note and did not listen to it. Please write to me. Who runs this box can set ROCKPOOL_TRANSCRIBE_URL.",
    });
    expect(model.chats.length).toBe(asked);
    expect(await talk.sql("SELECT 1 FROM files")).toHaveLength(1);
  });

  it("beside a text leaves the text to be answered", async ({ expect }) => {
    const talk = newTalk();
    const asked = await talk.sayWith("what is a fish?", [voice]);
    await model.answer("an animal");
    expect(await talk.replyTo(asked)).toMatchObject({
      text: expect.stringMatching(/^an animal\n\nI have no ears yet/),
    });
  });
});

describe("a model's own count of tokens", () => {
  it("is learnt for the conversation, and kept", async ({ expect }) => {
    const talk = newTalk();
    const asked = await talk.say("hello");
    const chat = await model.nextChat();
    const told = chat.told as Parameters<typeof estimatePrompt>[0];
    chat.promptTokens = Math.round(estimatePrompt(told) * 0.7);
    chat.pieces.push("hi");
    chat.isOver = true;
    await talk.replyTo(asked);
    await talk.kill();
    const rate = await withParts(talk, async (parts) => parts.tokenRates.of("test:1b"));
    expect(rate).toBeCloseTo(0.7, 1);
    expect(await withParts(talk, async (parts) => parts.tokenRates.of("constructor"))).toBe(
      undefined,
    );
  });
});
