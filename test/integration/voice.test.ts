/** Voice notes, with a transcription server: what the model is told, once, and what is said where it fails. */
import { afterAll, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { openGate } from "../../src/do/gate/gate-client.ts";
import { openOptions } from "../../src/do/isolate.ts";
import { MAX_WAITING, MAX_WAITING_PER_PERSON } from "../../src/gate/fair-line.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const EARS = "http://ears.test:9000";
const model = new ScriptedModel();
const heard: { bytes: Uint8Array; model: string; key: string | null }[] = [];
let answer: (signal: AbortSignal) => Response | Promise<Response>;

async function listen(request: Request): Promise<Response> {
  const key = request.headers.get("authorization");
  const form = await request.formData();
  const file = form.get("file");
  if (!(file instanceof File)) throw new Error("no file");
  heard.push({ bytes: await file.bytes(), model: String(form.get("model")), key });
  return answer(request.signal);
}

beforeAll(() => {
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    return request.url.startsWith(EARS) ? listen(request) : model.fetch(request);
  });
  // The options of this isolate are those that are opened first, and the fetch of that time is kept.
  openOptions({ ...env, ROCKPOOL_TRANSCRIBE_URL: EARS });
});
afterAll(() => {
  vi.unstubAllGlobals();
});
beforeEach(() => {
  heard.length = 0;
  answer = () => Response.json({ text: "What is a fish?" });
});

const voice = {
  kind: "voice",
  name: "voice",
  mime: "audio/ogg",
  bytes: new Uint8Array([1, 2, 3]),
} as const;

describe("a voice note", () => {
  it("is written down, told to the model as text, and told again later", async ({ expect }) => {
    const talk = new Talk();
    const asked = await talk.sayWith("", [voice]);
    const chat = await model.answer("An animal.");
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "An animal." });
    expect(chat.messages.at(-1)?.content).toBe("[voice, written down] What is a fish?");
    expect(heard).toEqual([
      { bytes: new Uint8Array([1, 2, 3]), model: "whisper-1", key: "Bearer ears-1" },
    ]);
    await talk.kill();
    const next = await talk.say("Are you sure?");
    expect((await model.answer("Yes.")).told.slice(0, 2)).toEqual(chat.told);
    await talk.replyTo(next);
    expect(heard).toHaveLength(1);
  });

  it("is written down once, also where its turn runs again", async ({ expect }) => {
    const talk = new Talk();
    const asked = await talk.sayWith("", [voice]);
    await model.nextChat();
    await talk.kill();
    const reply = talk.replyTo(asked);
    expect((await model.answer("An animal.")).messages.at(-1)?.content).toContain("fish");
    expect(await reply).toMatchObject({ text: "An animal." });
    expect(heard).toHaveLength(1);
  });

  it.for([
    ["refused", () => new Response("no", { status: 400 })],
    ["empty", () => Response.json({ text: "  " })],
    ["of another form", () => Response.json({ words: [] })],
  ] as const)("is not guessed at where the answer is %s", async ([, given], { expect }) => {
    answer = given;
    const talk = new Talk();
    const asked = model.chats.length;
    expect(await talk.replyTo(await talk.sayWith("", [voice]))).toEqual({
      status: "answered",
      text: "I could not make out voice. Please send it again, or write to me; the reason stands in the log (`npx rockpool logs`).",
    });
    expect(model.chats.length).toBe(asked);
  });

  it("can be stopped while it is written down", async ({ expect }) => {
    answer = async (signal) => {
      while (!signal.aborted) await scheduler.wait(2);
      throw signal.reason;
    };
    const talk = new Talk();
    const asked = await talk.sayWith("", [voice]);
    await until(() => heard.length === 1);
    expect(await talk.ask("/stop")).toEqual({ status: "answered", text: "Stopped." });
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "" });
  });
});

/** The transcription server is busy until what is returned is called. */
function holdEars(): () => void {
  let isHeld = true;
  answer = async (signal) => {
    while (isHeld && !signal.aborted) await scheduler.wait(2);
    return Response.json({ text: "What is a fish?" });
  };
  return () => {
    isHeld = false;
  };
}

const gate = () => openGate(env, `transcribe ${EARS}`);

describe("voice notes of several people", () => {
  it("are written down one at a time, and who waits is told the place", async ({ expect }) => {
    const goOn = holdEars();
    const [first, second] = [new Talk(), new Talk()];
    const asked = [await first.sayWith("", [voice])];
    await until(() => heard.length === 1);
    const late = await second.sayWith("", [voice]);
    asked.push(late);
    await until(async () => {
      const turn = await second.calls.turn(late.account, late.event.key);
      return (
        turn.status === "snapshot" && turn.live?.type === "turn" && turn.live.place?.position === 1
      );
    });
    expect(heard).toHaveLength(1);
    goOn();
    for (const [index, talk] of [first, second].entries()) {
      await model.answer("An animal.");
      const request = asked[index];
      expect(request && (await talk.replyTo(request))).toMatchObject({ text: "An animal." });
    }
    expect(await gate().state()).toMatchObject({ slots: 1, busy: 0, waiting: 0 });
  });

  it("are taken up again by a turn that was cut off, with the slot that it had", async ({
    expect,
  }) => {
    const goOn = holdEars();
    const talk = new Talk();
    const asked = await talk.sayWith("", [voice]);
    await until(() => heard.length === 1);
    await talk.kill();
    const reply = talk.replyTo(asked);
    await until(() => heard.length === 2);
    goOn();
    await model.answer("An animal.");
    expect(await reply).toMatchObject({ text: "An animal." });
    expect(await gate().state()).toMatchObject({ busy: 0, waiting: 0 });
  });

  it("are kept and tried again where the line is full", async ({ expect }) => {
    const goOn = holdEars();
    const first = new Talk();
    await first.sayWith("", [voice]);
    await until(() => heard.length === 1);
    const ids = Array.from({ length: MAX_WAITING.interactive }, (_, index) => `${index}`);
    const waiting = ids.map((id, index) => {
      const personId = `p${Math.floor(index / MAX_WAITING_PER_PERSON)}`;
      return gate().acquire({ id, personId, priority: "interactive" }, 1, 0);
    });
    await Promise.all(waiting);
    const talk = new Talk();
    const asked = await talk.sayWith("", [voice]);
    await until(async () => (await talk.texts()).length > 1);
    expect((await talk.texts()).at(-1)).toMatch(/wait/);
    for (const id of ids) await gate().release(id, 0);
    goOn();
    await model.answer("An animal.");
    await talk.sql("UPDATE inbox SET next_at_ms = 0"); // the time of its next try has come
    await talk.ask("/status");
    await model.answer("An animal.");
    expect(await talk.replyTo(asked)).toMatchObject({ text: "An animal." });
    expect(heard).toHaveLength(2);
  });
});
