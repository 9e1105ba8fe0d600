/** Dialogues inside a conversation: who speaks to them, how they end, and what a crash, silence or a change of mind does. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { MAX_DIALOGUES } from "../../src/do/session/dialogues.ts";
import { parseDefinition } from "../../src/flows/definition.ts";
import { env, messageRequest } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
const both = (text: string) => ({ en: text, zh: `中${text}` });
const yesno = { type: "yesno" };

const order = {
  flow: "order",
  title: both("Order"),
  phrases: ["order lunch"],
  start: "dish",
  states: {
    dish: { ask: both("Which dish?"), label: both("Dish"), accept: { type: "text" }, next: "sure" },
    sure: {
      ask: both("{dish}, sure?"),
      accept: yesno,
      timeout: { after: "1m", go: "person" },
      next: [{ when: { sure: "yes" }, go: "person" }, { go: "model" }],
    },
    person: { end: "person", say: both("The cook answers.") },
    model: { end: "model", say: both("Let us talk.") },
  },
};

async function putFlow(flow: unknown): Promise<void> {
  await openDirectory(env).putFlow(parseDefinition(flow));
  forgetDirectory();
}

async function removeFlow(name: string): Promise<void> {
  await openDirectory(env).removeFlow(name);
  forgetDirectory();
}

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  // One that calls tools by itself is asked once for each message.
  model.capabilities = ["completion", "tools"];
  await putFlow(order);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function askAll(talk: Talk, texts: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const text of texts) {
    const reply = await talk.ask(text);
    said.push(reply.status === "answered" ? reply.text : reply.status);
  }
  return said;
}

/** The owner's own conversation, and what he was told of this one. */
async function toldOf(talk: Talk): Promise<string[]> {
  const owner = await openDirectory(env).ensureOwner();
  const texts = await new Talk(owner.id).texts();
  return texts.filter((text) => text.includes(talk.conversation));
}

/** Its silence is over, as the next life of the object will see. */
async function passTime(talk: Talk): Promise<void> {
  await talk.sql("UPDATE dialogues SET due_at_ms = 1");
  await talk.kill();
  await talk.ask("/whoami");
}

describe("a dialogue", () => {
  it("begins by command, answers without a model, and leads to a person", async ({ expect }) => {
    const talk = new Talk();
    expect(await askAll(talk, ["/flow order", "soup", "maybe", "yes"])).toEqual([
      "Which dish?",
      "soup, sure?",
      "Please answer yes or no.",
      "The cook answers.\n\n- Dish: soup",
    ]);
    await until(async () => (await toldOf(talk)).length > 0);
    expect(await toldOf(talk)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\*\\*Order\\*\\*: Ada has answered \\(web, conversation ${talk.conversation}\\)\\.\n\n- Dish: soup\n\n\`/reply \\d+ <text>\` answers`,
        ),
      ),
    ]);
    expect(await talk.sql("SELECT * FROM dialogues")).toEqual([]);
    await until(async () => (await talk.sql("SELECT 1 FROM notices")).length === 0);
  });

  it("begins by its phrase, in the person's language", async ({ expect }) => {
    const talk = new Talk();
    const request = await talk.sayAs({ lang: "zh" }, "Order lunch!");
    expect(await talk.replyTo(request)).toEqual({ status: "answered", text: "中Which dish?" });
  });

  it("leads to the model, which is told the answers, and nothing of the rest", async ({
    expect,
  }) => {
    const talk = new Talk();
    await askAll(talk, ["order lunch", "cake", "no"]);
    const request = await talk.say("how long does it take?");
    const { messages } = await model.answer("an hour");
    expect(messages.slice(1).map(({ role, content }) => ({ role, content }))).toEqual([
      { role: "user", content: expect.stringContaining("no") },
      { role: "assistant", content: expect.stringContaining("Let us talk.\n\n- Dish: cake") },
      { role: "user", content: expect.stringContaining("how long does it take?") },
    ]);
    expect(await talk.replyTo(request)).toEqual({ status: "answered", text: "an hour" });
  });

  it("does not wait for the model that another message waits for", async ({ expect }) => {
    const talk = new Talk();
    const waiting = await talk.say("a hard question");
    const chat = await model.nextChat();
    expect(await askAll(talk, ["order lunch", "soup"])).toEqual(["Which dish?", "soup, sure?"]);
    chat.pieces.push("at last");
    chat.isOver = true;
    expect(await talk.replyTo(waiting)).toEqual({ status: "answered", text: "at last" });
  });

  it("takes what is said in one breath in order", async ({ expect }) => {
    const talk = new Talk();
    const requests = [];
    for (const text of ["order lunch", "soup", "no", "thanks"]) requests.push(await talk.say(text));
    await model.answer("you are welcome");
    const replies = await Promise.all(requests.map((request) => talk.replyTo(request)));
    expect(replies.map((reply) => reply.status === "answered" && reply.text)).toEqual([
      "Which dish?",
      "soup, sure?",
      "Let us talk.\n\n- Dish: soup",
      "you are welcome",
    ]);
  });

  it("is one person's: another one in the group talks to the model", async ({ expect }) => {
    const talk = new Talk();
    const ben = { personId: "p2" as PersonId, name: "Ben" };
    await talk.ask("order lunch");
    const asked = await talk.sayAs(ben, "what is the time?");
    await model.answer("noon");
    expect(await talk.replyTo(asked)).toEqual({ status: "answered", text: "noon" });
    const began = await talk.sayAs(ben, "/flow order");
    expect(await talk.replyTo(began)).toMatchObject({ text: "Which dish?" });
    expect(await askAll(talk, ["soup"])).toEqual(["soup, sure?"]);
    expect(await talk.sql("SELECT person_id FROM dialogues ORDER BY 1")).toEqual([
      { person_id: "p1" },
      { person_id: "p2" },
    ]);
  });

  it("leaves nothing readable on disk", async ({ expect }) => {
    const talk = new Talk();
    await askAll(talk, ["order lunch", "rhubarb"]);
    const rows = await talk.sql("SELECT hex(body) || hex(definition) AS hex FROM dialogues");
    const hex = (text: string) =>
      Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16)).join("");
    expect(rows).toHaveLength(1);
    for (const text of ["rhubarb", "Which", "Ada"])
      expect(String(rows[0]?.hex).toLowerCase()).not.toContain(hex(text));
  });

  it(`is one of ${MAX_DIALOGUES} at most in a conversation`, async ({ expect }) => {
    const talk = new Talk();
    for (let index = 0; index < MAX_DIALOGUES; index += 1) {
      const personId = `member-${index}` as PersonId;
      await talk.replyTo(await talk.sayAs({ personId }, "/flow order"));
    }
    expect(await talk.ask("/flow order")).toEqual({
      status: "answered",
      text: "Too many dialogues run in this conversation just now. Please try again later.",
    });
  });
});

describe("/flow", () => {
  it("lists the flows, and names what it does not know", async ({ expect }) => {
    const talk = new Talk();
    expect(await askAll(talk, ["/flow", "/flow dinner", "/flow ORDER", "/flow order"])).toEqual([
      "I know these dialogues:\n\n- `/flow order` – Order",
      "I know no dialogue of that name. /flow lists those I know.",
      "Which dish?",
      "You are in the dialogue `order` already. /cancel leaves it.",
    ]);
  });
});

describe("a flow that changes", () => {
  it("does so for those who begin it later only", async ({ expect }) => {
    const talk = new Talk();
    const lunch = { ...order, flow: "late", phrases: ["late lunch"] };
    await putFlow(lunch);
    await talk.ask("late lunch");
    const changed = { ...lunch.states, sure: { ...lunch.states.sure, ask: both("Really?") } };
    await putFlow({ ...lunch, states: changed });
    expect(await askAll(talk, ["soup"])).toEqual(["soup, sure?"]);
    await removeFlow("late");
    expect(await askAll(talk, ["yes"])).toEqual(["The cook answers.\n\n- Dish: soup"]);
    expect(await askAll(talk, ["/flow late"])).toEqual([
      "I know no dialogue of that name. /flow lists those I know.",
    ]);
  });
});

describe("a change of mind", () => {
  it("by /cancel leaves the dialogue, and tells nobody", async ({ expect }) => {
    const talk = new Talk();
    expect(await askAll(talk, ["/cancel", "order lunch", "/cancel", "/cancel"])).toEqual([
      "There is no dialogue to leave.",
      "Which dish?",
      "All right, I have left that. Nobody was told.",
      "There is no dialogue to leave.",
    ]);
    const request = await talk.say("soup");
    await model.answer("a soup is a soup");
    expect(await talk.replyTo(request)).toMatchObject({ text: "a soup is a soup" });
    expect(await toldOf(talk)).toEqual([]);
  });

  it("by /cancel in the same breath takes the answers before it back", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    const requests = [];
    for (const text of ["soup", "yes", "/cancel"]) requests.push(await talk.say(text));
    for (const request of requests) await talk.replyTo(request);
    expect(await talk.sql("SELECT * FROM dialogues")).toEqual([]);
    expect(await talk.sql("SELECT * FROM inbox WHERE state = 'queued'")).toEqual([]);
  });

  it("by /stop leaves the dialogue where it is", async ({ expect }) => {
    const talk = new Talk();
    expect(await askAll(talk, ["order lunch", "/stop", "soup"])).toEqual([
      "Which dish?",
      "There is no answer to stop. /cancel leaves the dialogue you are in.",
      "soup, sure?",
    ]);
  });

  it("by /forget erases the dialogue with all else", async ({ expect }) => {
    const talk = new Talk();
    await askAll(talk, ["order lunch", "soup", "/forget yes"]);
    expect(await talk.sql("SELECT * FROM dialogues")).toEqual([]);
    const request = await talk.say("yes");
    await model.answer("yes to what?");
    expect(await talk.replyTo(request)).toMatchObject({ text: "yes to what?" });
  });

  it("by an edit of an answer that was taken changes nothing", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    await talk.replyTo(await talk.say("soup", "7"));
    await talk.edit("cake", "7");
    expect(await askAll(talk, ["yes"])).toEqual(["The cook answers.\n\n- Dish: soup"]);
  });

  it("by an edit of an answer that waits is the answer", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    await talk.sql(
      "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    const request = await talk.say("soup", "7");
    await until(async () => (await talk.sql("SELECT 1 FROM inbox WHERE attempts > 0")).length > 0);
    await talk.sql("DROP TRIGGER full");
    await talk.edit("cake", "7");
    expect(await talk.replyTo(request)).toEqual({ status: "answered", text: "cake, sure?" });
  });
});

describe("silence", () => {
  it("takes a dialogue on once, where it says so", async ({ expect }) => {
    const talk = new Talk();
    await askAll(talk, ["order lunch", "soup"]);
    await passTime(talk);
    await until(async () => (await toldOf(talk)).length > 0);
    await talk.kill();
    await talk.ask("/whoami");
    const texts = await talk.texts();
    expect(texts.filter((text) => text === "The cook answers.\n\n- Dish: soup")).toHaveLength(1);
    expect(await toldOf(talk)).toHaveLength(1);
    expect(await talk.sql("SELECT * FROM dialogues")).toEqual([]);
  });

  it("ends a dialogue, in the person's language, and his next message goes to the model", async ({
    expect,
  }) => {
    const talk = new Talk();
    await talk.replyTo(await talk.sayAs({ lang: "zh" }, "order lunch"));
    await passTime(talk);
    await until(async () => (await talk.sql("SELECT 1 FROM dialogues")).length === 0);
    const text = "有一阵没有收到你的消息，我先结束了“中Order”。发送 `/flow order` 可以重新开始。";
    await until(async () => (await talk.texts()).includes(text));
    expect(await talk.sql("SELECT DISTINCT state FROM outbox")).toEqual([{ state: "sent" }]);
    const request = await talk.say("soup");
    await model.answer("which soup?");
    expect(await talk.replyTo(request)).toMatchObject({ text: "which soup?" });
  });

  it("names in a group whom it means", async ({ expect }) => {
    const talk = new Talk();
    const request = messageRequest("order lunch", { conversation: talk.conversation });
    if (request.event.kind !== "message") throw new Error("no message");
    const conversation = { id: talk.conversation, kind: "group" as const };
    request.event.message.conversation = conversation;
    request.event.message.target = { conversation, replyTo: "7" };
    await talk.calls.accept(request);
    await talk.replyTo(request);
    await passTime(talk);
    const said = () => talk.texts().then((texts) => texts.find((text) => text.includes("let “")));
    await until(async () => (await said()) !== undefined);
    expect(await said()).toMatch(/^Ada: I have not heard from you/);
  });

  it("that cannot be broken (keys are away) is tried again later, and let go at last", async ({
    expect,
  }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    await talk.sql("UPDATE dialogues SET body = zeroblob(40)");
    await passTime(talk);
    const dueAtMs = async () =>
      Number((await talk.sql("SELECT due_at_ms FROM dialogues"))[0]?.due_at_ms);
    await until(async () => (await dueAtMs()) > Date.now());
    await talk.sql("UPDATE dialogues SET at_ms = 1");
    await passTime(talk);
    await until(async () => (await talk.sql("SELECT 1 FROM dialogues")).length === 0);
    expect((await talk.texts()).filter((text) => text.includes("let “"))).toEqual([]);
  });

  it("sets an alarm of its own", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    const [row] = await talk.sql("SELECT at_ms, due_at_ms FROM dialogues");
    expect(Number(row?.due_at_ms) - Number(row?.at_ms)).toBe(30 * 60_000);
    await until(async () => (await talk.alarmAtMs()) === row?.due_at_ms);
  });

  it("does not end what was answered in time, however late that is read", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    await talk.sql(
      "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    const request = await talk.say("soup");
    await until(async () => (await talk.sql("SELECT 1 FROM inbox WHERE attempts > 0")).length > 0);
    await talk.sql("UPDATE dialogues SET due_at_ms = 1");
    await talk.sql("DROP TRIGGER full");
    await talk.kill();
    expect(await talk.replyTo(request)).toEqual({ status: "answered", text: "soup, sure?" });
  });
});

describe("an object that is ended in the middle of a dialogue", () => {
  it("goes on where it stood, and says each thing once", async ({ expect }) => {
    const talk = new Talk();
    await talk.ask("order lunch");
    await talk.kill();
    const soup = await talk.say("soup");
    await talk.kill();
    expect(await talk.replyTo(soup)).toEqual({ status: "answered", text: "soup, sure?" });
    const yes = await talk.say("yes");
    await talk.kill();
    expect(await talk.replyTo(yes)).toMatchObject({ text: "The cook answers.\n\n- Dish: soup" });
    await talk.kill();
    await talk.ask("/whoami");
    await until(async () => (await toldOf(talk)).length > 0);
    expect((await talk.texts()).slice(0, 6)).toEqual([
      "order lunch",
      "Which dish?",
      "soup",
      "soup, sure?",
      "yes",
      "The cook answers.\n\n- Dish: soup",
    ]);
    expect(await toldOf(talk)).toHaveLength(1);
  });

  it("tells the owner once, however often the notice is brought", async ({ expect }) => {
    const owner = new Talk();
    const notice = { id: crypto.randomUUID(), text: "told", personId: "p1" as PersonId };
    await Promise.all([owner.calls.tell(notice), owner.calls.tell(notice)]);
    await owner.kill();
    await owner.calls.tell(notice);
    expect(await owner.texts()).toEqual(["told"]);
    expect(await owner.sql("SELECT count(*) AS n FROM outbox")).toEqual([{ n: 1 }]);
  });
});
