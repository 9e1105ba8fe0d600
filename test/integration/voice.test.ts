/** Voice notes, with a transcription server: what the model is told, once, and what is said where it fails. */
import { afterAll, beforeAll, beforeEach, describe, it, vi } from "vitest";
import { openOptions } from "../../src/do/isolate.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const EARS = "http://ears.test:9000";
const model = new ScriptedModel();
const heard: { bytes: Uint8Array; model: string }[] = [];
let answer: (signal: AbortSignal) => Response | Promise<Response>;

async function listen(request: Request): Promise<Response> {
  const form = await request.formData();
  const file = form.get("file");
  if (!(file instanceof File)) throw new Error("no file");
  heard.push({ bytes: await file.bytes(), model: String(form.get("model")) });
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
    expect(heard).toEqual([{ bytes: new Uint8Array([1, 2, 3]), model: "whisper-1" }]);
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
