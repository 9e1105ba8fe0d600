/** Tools and roles in a real turn: what a role does not allow is not offered, and a call of it all the same runs nothing. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import type { Role } from "../../src/core/roles.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const FACT = "The dog is called Rex.";
const SAID = "Remember that my dog is called Rex, and what is 6 * 7?";
const model = new ScriptedModel();
model.capabilities = ["completion", "tools"];

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

interface Asked {
  personId: PersonId;
  reply(): Promise<string>;
}

async function askAs(role: Role): Promise<Asked> {
  const personId = crypto.randomUUID() as PersonId; // ids of tests are as good as others
  const talk = new Talk();
  const said = await talk.sayAs({ personId, role }, SAID);
  return {
    personId,
    reply: async () => {
      const state = await talk.replyTo(said);
      return state.status === "answered" ? state.text : state.status;
    },
  };
}

async function factsOf(personId: PersonId): Promise<string[]> {
  return (await openDirectory(env).facts(personId)).map(({ text }) => text);
}

describe("a model that takes tools", () => {
  it("is offered for a guest what guests may use, and its call of another tool runs nothing", async ({
    expect,
  }) => {
    const { personId, reply } = await askAs("guest");
    const { tools } = await model.call({ name: "remember", arguments: { fact: FACT } });
    expect(tools).toEqual(["time_and_date", "calculator", "set_reminder", "list_reminders"]);
    const { messages } = await model.answer("I may not remember that.");
    expect(messages.at(-1)).toMatchObject({
      role: "tool",
      tool_name: "remember",
      content: `There is no tool of this name. There are: ${tools.join(", ")}.`,
    });
    expect(await reply()).toBe("I may not remember that.");
    expect(await factsOf(personId)).toEqual([]);
  });

  it("reads nothing for a guest by calls that are misspelt or written as text", async ({
    expect,
  }) => {
    const { personId, reply } = await askAs("guest");
    await openDirectory(env).remember(personId, "before", "The safe opens with 4711.");
    await model.call(
      { name: "recal", arguments: { about: "safe" } },
      { name: "functions.recall", arguments: { about: "safe" } },
    );
    await model.answer('{"name": "recall", "arguments": {"about": "safe"}}');
    await reply();
    expect(JSON.stringify(model.chats)).not.toContain("4711");
  });

  it("runs the same call for a member", async ({ expect }) => {
    const { personId, reply } = await askAs("member");
    const { tools } = await model.call({ name: "remember", arguments: { fact: FACT } });
    expect(tools).toEqual(expect.arrayContaining(["remember", "recall"]));
    const { messages } = await model.answer("I will.");
    expect(messages.at(-1)).toMatchObject({ tool_name: "remember", content: "Remembered." });
    expect(await reply()).toBe("I will.");
    expect(await factsOf(personId)).toEqual([FACT]);
  });
});
