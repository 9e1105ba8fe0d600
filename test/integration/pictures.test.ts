/** Pictures that people send: what a model that sees is shown of them, and what is said where it cannot be. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { MAX_PICTURE_BYTES } from "../../src/core/picture.ts";
import type { NewFile } from "../../src/core/session-protocol.ts";
import { person } from "../support/integration.ts";
import { type Chat, ScriptedModel } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
model.capabilities = ["completion", "vision"];

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** The beginning of a PNG of this size, `bytes` long, told apart by its last byte. */
function png(width: number, height: number, bytes = 100, mark = 0): NewFile {
  const data = new Uint8Array(bytes);
  data.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(data.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  data[bytes - 1] = mark;
  const { personId } = person;
  return { personId, kind: "image", name: `${mark}.png`, mime: "image/png", bytes: data };
}

async function show(talk: Talk, text: string, files: NewFile[], answer: string) {
  const asked = await talk.sayWith(text, files);
  const chat = await model.answer(answer);
  const reply = await talk.replyTo(asked);
  return { chat, reply };
}

function marksOf(chat: Chat): (number[] | undefined)[] {
  return chat.told.map((message) =>
    message.images?.map((image) => Uint8Array.fromBase64(image).at(-1) ?? -1),
  );
}

describe("pictures", () => {
  it("are shown with their message, whole, and again with the next ones", async ({ expect }) => {
    const talk = new Talk();
    const first = await show(talk, "what is this?", [png(10, 10, 2_000_000, 1)], "a cat");
    expect(marksOf(first.chat)).toEqual([undefined, [1]]);
    const [image = ""] = first.chat.told[1]?.images ?? [];
    expect(Uint8Array.fromBase64(image).length).toBe(2_000_000);
    const second = await show(talk, "and this?", [png(10, 10, 100, 2)], "a dog");
    expect(second.chat.told.slice(0, 2)).toEqual(first.chat.told);
    expect(marksOf(second.chat)).toEqual([undefined, [1], undefined, [2]]);
    await talk.kill();
    const third = await show(talk, "compare them", [], "both are animals");
    expect(third.chat.told.slice(0, 4)).toEqual(second.chat.told);
  });

  it("that are too many leave the earlier ones out, and are said to", async ({ expect }) => {
    const talk = new Talk();
    await show(talk, "one", [png(10, 10, 100, 1)], "yes");
    const files = [2, 3, 4, 5, 6].map((mark) => png(10, 10, 100, mark));
    const { chat, reply } = await show(talk, "five", files, "yes");
    expect(marksOf(chat)).toEqual([undefined, undefined, undefined, [2, 3, 4]]);
    expect(reply).toEqual({
      status: "answered",
      text: "yes\n\n(I looked at 3 of your 5 pictures: more have no room at once.)",
    });
  });

  it.for([
    ["too many bytes", png(10, 10, MAX_PICTURE_BYTES + 1)],
    ["too many pixels", png(100_000, 100_000)],
    ["no picture in it", { ...png(10, 10), bytes: new Uint8Array(100) }],
  ] as const)("are not guessed at where there are %s", async ([, file], { expect }) => {
    const talk = new Talk();
    const asked = model.chats.length;
    expect(await talk.replyTo(await talk.sayWith("what is this?", [file]))).toEqual({
      status: "answered",
      text: "I cannot look at 0.png: I take pictures as PNG, JPEG or WebP (not HEIC or AVIF), up to 4 MB and 32 megapixels. Please send it as one of these.",
    });
    expect(model.chats.length).toBe(asked);
  });

  it("that can be looked at are answered, beside one that cannot", async ({ expect }) => {
    const talk = new Talk();
    const files = [png(100_000, 100_000), png(10, 10, 100, 7)];
    const { chat, reply } = await show(talk, "and these?", files, "a fish");
    expect(marksOf(chat)).toEqual([undefined, [7]]);
    expect(reply).toMatchObject({
      text: expect.stringMatching(/^a fish\n\nI cannot look at 0\.png/),
    });
  });

  it("of a file that is not here are no reason to fail", async ({ expect }) => {
    const talk = new Talk();
    const other = new Talk();
    const kept = await other.calls.storeFile(png(10, 10));
    if ("status" in kept) throw new Error("moved");
    const stolen = await talk.sayMedia("what is this?", [kept]);
    expect(await talk.replyTo(stolen)).toMatchObject({
      text: expect.stringContaining("I cannot look at 0.png"),
    });
  });
});
