/** A model server that fails in every way it can: the person reads one sensible sentence, the log the cause. */
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { ChatMessage } from "../../src/core/message.ts";
import { type FakeOllama, startFakeOllama } from "../support/fake-ollama.ts";
import type { FakeChange } from "../support/fake-ollama-settings.ts";
import { until } from "../support/rockpool-process.ts";
import { type LogLine, linesOf } from "../support/server-log.ts";
import { readSession } from "../support/stored-rows.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";
import { signInToWeb, type WebPerson } from "../support/web-person.ts";

/** The chat whose history the web chat shows. */
const LINKED = 1_001;
const STALLED = 1_002;
const SOUND: FakeChange = { fault: "none", at: 3, stallMs: 600_000, hold: false };
const BROKE_OFF = "The model's answer broke off. Please try again.";

let box: TelegramBox;
let web: WebPerson;
/** The model server that went away, with the chat that it has stopped in the middle of. */
let gone: FakeOllama | undefined;

beforeAll(async () => {
  box = await startTelegramBox({ ollama: { parallel: 16 } });
  await box.deliver(box.updates.text(LINKED, "/link"));
  const [message] = await textsWhen(LINKED, 1);
  web = await signInToWeb(box.rockpool.ownerLink);
  await web.write(`/link ${/\/link ([A-Z0-9]+)/.exec(message ?? "")?.[1]}`);
  await web.historyWhen((all) => all.length === 2, "the shared history");
  // Silent for twenty seconds, while all the others go on.
  box.ollama.control({ fault: "stall" });
  await box.deliver(box.updates.text(STALLED, "a question of several words"));
  await until(() => box.ollama.stats().faults.stall === 1, "the silence");
  box.ollama.control(SOUND);
});
afterEach(() => {
  box.ollama.control(SOUND);
});
afterAll(async () => {
  await box.discard();
  await gone?.close();
});

async function textsWhen(chatId: number, count: number): Promise<string[]> {
  const texts = () => box.telegram.messagesOf(chatId).map((message) => message.text);
  await box.telegram.waitUntil(() => texts().length >= count, 30_000);
  return texts();
}

/** Turns of a chat as the log has them, without commands. */
function turnsOf(chatId: number): LogLine[] {
  const session = `telegram:main:${chatId}`;
  return linesOf(box.rockpool.dataDir, "turn:finished", { session }).filter(
    (line) => line.outcome !== "command",
  );
}

/** What the linked chat says from `from` on, when something was said and a later command is answered. */
async function saidSince(from: number): Promise<string[]> {
  await textsWhen(LINKED, from + 1);
  await box.deliver(box.updates.text(LINKED, "/whoami"));
  await box.telegram.waitUntil(
    () => box.telegram.messagesOf(LINKED).at(-1)?.text.startsWith("You are ") ?? false,
    30_000,
  );
  return box.telegram
    .messagesOf(LINKED)
    .slice(from, -1)
    .map((message) => message.text);
}

interface Failure {
  fault: NonNullable<FakeChange["fault"]>;
  code: string;
  said: string;
}

const FAILURES: Failure[] = [
  { fault: "reset", code: "model/broken_stream", said: BROKE_OFF },
  { fault: "truncate", code: "model/broken_stream", said: BROKE_OFF },
  { fault: "miderror", code: "model/broken_stream", said: BROKE_OFF },
  { fault: "emptydone", code: "model/broken_stream", said: BROKE_OFF },
  { fault: "500", code: "model/broken_stream", said: BROKE_OFF },
  {
    fault: "400",
    code: "model/rejected",
    said: "The model server refused this. Its reason stands in the log",
  },
  {
    fault: "remote",
    code: "model/remote_refused",
    said: "This model would run on somebody else's machine",
  },
];

describe("an answer that fails", () => {
  it.for(FAILURES)(
    "is one sentence to the person, with its cause in the log: $fault",
    async ({ fault, code, said }, { expect }) => {
      const before = box.telegram.messagesOf(LINKED).length;
      const turnsBefore = turnsOf(LINKED).length;
      const question = `a question of several words that meets ${fault}`;
      box.ollama.control({ fault });
      await box.deliver(box.updates.text(LINKED, question));
      await textsWhen(LINKED, before + 1);
      box.ollama.control(SOUND);
      const texts = await saidSince(before);
      expect(texts).toHaveLength(1);
      expect(texts[0]?.startsWith(said)).toBe(true);

      await until(() => turnsOf(LINKED).length > turnsBefore, "the log line");
      const lines = turnsOf(LINKED).slice(turnsBefore);
      expect(lines).toMatchObject([{ level: "warn", outcome: "failed", code }]);
      expect(lines[0]?.cause).toMatch(/\w{3}/);
      expect(String(lines[0]?.cause)).not.toContain("several words");
      const history = await web.history();
      const asked = history.findIndex((message) => message.text === question);
      expect(history[asked + 1]).toMatchObject({ role: "assistant", cut: "error" });
      // What Telegram shows has its markup taken out.
      expect(history[asked + 1]?.text.replaceAll("`", "")).toBe(texts[0]);
      expect(history.filter(isHalf)).toEqual([]);
    },
  );

  function isHalf(message: ChatMessage): boolean {
    return message.role === "assistant" && message.text.startsWith("echo: a question");
  }

  it("is not told to the model later", async ({ expect }) => {
    box.ollama.control({ fault: "truncate" });
    const before = box.telegram.messagesOf(LINKED).length;
    await box.deliver(box.updates.text(LINKED, "lost words of a question"));
    await textsWhen(LINKED, before + 1);
    box.ollama.control(SOUND);
    await box.deliver(box.updates.text(LINKED, "next"));
    expect((await textsWhen(LINKED, before + 2)).at(-1)).toBe("echo: next");
    const told = box.ollama.stats().lastChat?.messages.map((message) => message.content);
    expect(told?.slice(1)).toEqual(["next"]);
  });
});

describe("an answer that only looks bad", () => {
  it.for(["badjson", "split", "linger"] as const)(
    "arrives whole: %s",
    async (fault, { expect }) => {
      const before = box.telegram.messagesOf(LINKED).length;
      box.ollama.control({ fault });
      await box.deliver(box.updates.text(LINKED, `five words that meet ${fault}`));
      expect(await saidSince(before)).toEqual([`echo: five words that meet ${fault}`]);
    },
  );

  it("is waited for, with the person told that somebody is at it", async ({ expect }) => {
    const chat = 1_100;
    box.ollama.control({ fault: "slowheaders", stallMs: 2_000 });
    await box.deliver(box.updates.text(chat, "slow"));
    expect(await textsWhen(chat, 1)).toEqual(["echo: slow"]);
    const typing = box.telegram.callsOf("sendChatAction");
    expect(typing.filter((call) => String(call.body.chat_id) === `${chat}`).length).toBe(1);
  });
});

describe("a model server that cannot answer now", () => {
  const WAITING: Failure[] = [
    { fault: "503", code: "model/busy", said: "The model server is busy just now." },
    { fault: "429", code: "model/busy", said: "The model server is busy just now." },
    { fault: "404", code: "model/missing", said: "I have no model to think with yet." },
    {
      fault: "memory",
      code: "model/out_of_memory",
      said: "The model server has too little memory for chat:8b just now.",
    },
    { fault: "reset0", code: "model/unavailable", said: "The model server is away just now." },
  ];

  it("has each message kept, its person told once, and answered when it can", {
    timeout: 90_000,
  }, async ({ expect }) => {
    for (const [index, { fault, code, said }] of WAITING.entries()) {
      const chat = 1_200 + index;
      box.ollama.control({ fault });
      await box.deliver(box.updates.text(chat, `kept through ${fault}`));
      const [notice] = await textsWhen(chat, 1);
      expect(notice?.startsWith(said), `${fault}: ${notice}`).toBe(true);
      await until(() => turnsOf(chat).length > 0, "the log line");
      expect(turnsOf(chat)[0]).toMatchObject({ level: "warn", outcome: "postponed", code });
    }
    await until(() => turnsOf(1_200).length > 1, "a second try");
    box.ollama.control(SOUND);
    for (const [index, { fault }] of WAITING.entries()) {
      const chat = 1_200 + index;
      const texts = await textsWhen(chat, 2);
      expect(texts.slice(1)).toEqual([`echo: kept through ${fault}`]);
      await until(() => turnsOf(chat).at(-1)?.outcome === "answered", "the log line");
      const rows = readSession(box.rockpool.dataDir, `telegram:main:${chat}`).rows("messages");
      expect(rows.map((row) => [row.role, row.aside])).toEqual([
        ["user", 0],
        ["assistant", 1],
        ["assistant", 0],
      ]);
    }
  });
});

describe("a model server that goes away", () => {
  it("keeps nobody from the commands, and is asked again when it is back", {
    timeout: 60_000,
  }, async ({ expect }) => {
    const chat = 1_300;
    const port = Number(new URL(box.ollama.url).port);
    gone = box.ollama;
    gone.leave();
    await box.deliver(box.updates.text(chat, "is anybody there?"));
    const [notice] = await textsWhen(chat, 1);
    expect(notice).toMatch(/^The model server is away just now\. .* for up to 24 hours\.$/);
    await box.deliver(box.updates.text(chat, "/status"), box.updates.text(chat, "/help"));
    const texts = await textsWhen(chat, 3);
    expect(texts[1]).toContain("the model server does not answer");
    expect(texts[1]).toContain("Waiting in this conversation: 1");
    expect(texts[2]).toContain("/help – this list");
    await until(() => turnsOf(chat).length >= 2, "a second try");
    const { status } = await fetch(`${box.rockpool.url}/readyz`);
    expect(status).toBe(200);

    box.ollama = await startFakeOllama({ port, reply: "echo", parallel: 16 });
    expect((await textsWhen(chat, 4)).slice(3)).toEqual(["echo: is anybody there?"]);
    for (const line of turnsOf(chat).slice(0, -1))
      expect(line).toMatchObject({ outcome: "postponed", code: "model/unavailable" });
  });
});

describe("an answer that stops in the middle", () => {
  it("is given up after twenty seconds of silence, which nobody else has noticed", {
    timeout: 40_000,
  }, async ({ expect }) => {
    expect(await textsWhen(STALLED, 1)).toEqual([
      "The model took too long, so I stopped it. Please try again, or choose a smaller model with /model.",
    ]);
    await until(() => turnsOf(STALLED).length > 0, "the log line");
    const [line] = turnsOf(STALLED);
    expect(line).toMatchObject({ outcome: "failed", code: "model/timeout" });
    expect(line?.cause).toContain("No further token came within 20 s");
    expect(Number(line?.ms)).toBeLessThan(25_000);
  });
});
