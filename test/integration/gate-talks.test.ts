/** Conversations that share a model server with one slot: what each is told, who goes first, and what a crash leaves. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { openGate } from "../../src/do/gate/gate-client.ts";
import { openOptions } from "../../src/do/isolate.ts";
import { streamConversation } from "../../src/do/session/event-stream.ts";
import { parseDefinition } from "../../src/flows/definition.ts";
import { env, messageRequest } from "../support/integration.ts";
import { type Chat, ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function gateState() {
  return openGate(env, openOptions(env).ROCKPOOL_MODEL_URL).state();
}

async function waitInLine(count: number): Promise<void> {
  await until(async () => (await gateState()).waiting === count);
}

/** A conversation that holds the slot. */
async function holdSlot(): Promise<{ holder: Talk; running: Chat; end(): Promise<void> }> {
  const holder = new Talk();
  const asked = await holder.say("hold");
  const running = await model.nextChat();
  return {
    holder,
    running,
    async end() {
      running.pieces.push("held");
      running.isOver = true;
      await holder.replyTo(asked);
    },
  };
}

describe("conversations in line", () => {
  it("are told their place, and when it is their turn", async ({ expect }) => {
    const { end } = await holdSlot();
    const talk = new Talk();
    const asked = await talk.say("second");
    const followed = talk.follow(asked);
    await until(async () => {
      const turn = await talk.calls.turn(asked.account, asked.event.key);
      return turn.status === "snapshot" && turn.live?.type === "turn" && !!turn.live.place;
    });
    await end();
    await model.answer("mine");
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "mine" });
    const events = [...(await followed).matchAll(/^data: (.*)$/gm)].map((found) =>
      JSON.parse(found[1] ?? ""),
    );
    const turns = events.filter(({ type }) => type === "turn");
    const states = turns.map(({ state, place }) => [state, place?.position]);
    expect(states).toContainEqual(["waiting", 1]);
    expect(states.at(-1)?.[1]).toBeUndefined();
  });

  it("go on in the order in which they came, but those that are read along before others", async ({
    expect,
  }) => {
    const { end } = await holdSlot();
    const closed = new Talk();
    const asked = await closed.say("nobody looks");
    await waitInLine(1);
    const open = new Talk();
    const { session } = messageRequest("", { conversation: open.conversation });
    const { stream } = await streamConversation(env, session, {}, new AbortController().signal);
    const watched = await open.say("somebody looks");
    await waitInLine(2);
    await end();
    const first = await model.answer("one");
    expect(first.messages.at(-1)?.content).toBe("somebody looks");
    expect(await open.replyTo(watched)).toEqual({ status: "answered", text: "one" });
    await stream.cancel();
    await model.answer("two");
    expect(await closed.replyTo(asked)).toEqual({ status: "answered", text: "two" });
  });

  it("leave it by /stop, and are not answered", async ({ expect }) => {
    const { end } = await holdSlot();
    const talk = new Talk();
    const asked = await talk.say("never mind");
    await waitInLine(1);
    expect(await talk.ask("/stop")).toEqual({ status: "answered", text: "Stopped." });
    await waitInLine(0);
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "" });
    const chats = model.chats.length;
    await end();
    expect(model.chats).toHaveLength(chats);
  });

  it("keep their place with another text when they are edited", async ({ expect }) => {
    const { end } = await holdSlot();
    const talk = new Talk();
    const asked = await talk.say("helo", "7");
    await waitInLine(1);
    await talk.edit("hello", "7");
    await waitInLine(1);
    await end();
    const answered = await model.answer("hi");
    expect(answered.messages.at(-1)?.content).toBe("hello");
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "hi" });
  });
});

describe("a conversation that crashes while it is answered", () => {
  it("finds its slot again, and takes no second one", async ({ expect }) => {
    const talk = new Talk();
    const asked = await talk.say("again");
    await model.nextChat();
    await talk.kill();
    const again = await model.nextChat();
    expect(await gateState()).toMatchObject({ slots: 1, busy: 1, waiting: 0 });
    again.pieces.push("after the crash");
    again.isOver = true;
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "after the crash" });
    await until(async () => (await gateState()).busy === 0);
  });
});

const both = (text: string) => ({ en: text, zh: `中${text}` });

/** One question, to be confirmed. */
const booking = {
  flow: "booking",
  title: both("Booking"),
  phrases: ["book it"],
  start: "sure",
  states: {
    sure: { ask: both("Sure?"), label: both("Sure"), accept: { type: "yesno" }, next: "done" },
    done: { end: "done", say: both("Booked.") },
  },
};

describe("what needs no model", () => {
  it("is answered at once while all slots are taken: commands, dialogues, confirmations", async ({
    expect,
  }) => {
    await openDirectory(env).putFlow(parseDefinition(booking));
    forgetDirectory();
    const { end } = await holdSlot();
    const talk = new Talk();
    const waiting = await talk.say("and the model?");
    await waitInLine(1);
    const chats = model.chats.length;
    const commands = [
      "/help",
      "/status",
      "/remind tomorrow at 9:00 tea",
      "/forget",
      "/flow booking",
    ];
    for (const command of commands)
      expect(await talk.ask(command), command).toMatchObject({ status: "answered" });
    expect(await talk.ask("yes")).toMatchObject({ text: expect.stringContaining("Booked.") });
    expect(await talk.ask("/forget yes")).toMatchObject({ status: "answered" });
    expect(model.chats).toHaveLength(chats);
    expect(await gateState()).toMatchObject({ busy: 1 });
    await talk.replyTo(waiting);
    await end();
  });
});
