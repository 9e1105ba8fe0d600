/** A model that takes no tools is held to a format, and only where a tool is likely wanted. */
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import type { ReplyState, SessionCalls } from "../../src/core/session-protocol.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { env, messageRequest } from "../support/integration.ts";
import { ScriptedModel } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();

beforeAll(() => {
  vi.stubGlobal("fetch", model.fetch);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

describe("a model without tools", () => {
  it("chooses in JSON, and answers with the result", async ({ expect }) => {
    const request = messageRequest("What is 6 * 7?");
    const session = env.SESSION.getByName(request.session) as unknown as SessionCalls; // as in tools.test.ts
    await session.accept(request);
    const choice = await model.answer('{"tool":"calculator","arguments":{"expression":"6*7"}}');
    expect(choice.tools).toEqual([]);
    expect(choice.format).toMatchObject({ anyOf: expect.any(Array) });
    expect((await model.answer('{"tool":"none","arguments":{}}')).format).toBeDefined();
    const last = await model.answer("It is 42.");
    expect(last.format).toBeUndefined();
    expect(last.messages.at(-1)?.content).toContain("calculator: 6*7 = 42");
    expect(await session.reply(request.account, request.event.key, 10_000)).toEqual({
      status: "answered",
      text: "It is 42.",
    } satisfies ReplyState);
  });

  it("is offered for a guest what guests may use, and naming another tool runs nothing", async ({
    expect,
  }) => {
    const personId = crypto.randomUUID() as PersonId; // ids of tests are as good as others
    const talk = new Talk();
    const said = await talk.sayAs({ personId, role: "guest" }, "Remember my dog Rex. What is 6*7?");
    const { format } = await model.answer('{"tool":"remember","arguments":{"fact":"A dog, Rex."}}');
    expect(JSON.stringify(format)).toContain('"calculator"');
    expect(JSON.stringify(format)).not.toContain('"remember"');
    const next = await model.answer('{"tool":"none","arguments":{}}');
    expect(next.messages.at(-1)?.content).toContain("remember: There is no tool of this name.");
    await model.answer("I may not remember that.");
    expect(await talk.replyTo(said)).toMatchObject({ text: "I may not remember that." });
    expect(await openDirectory(env).facts(personId)).toEqual([]);
  });

  it("is asked once for plain talk", async ({ expect }) => {
    const request = messageRequest("Hello!");
    const session = env.SESSION.getByName(request.session) as unknown as SessionCalls; // as in tools.test.ts
    await session.accept(request);
    expect((await model.answer("Hi.")).format).toBeUndefined();
    expect(await session.reply(request.account, request.event.key, 10_000)).toMatchObject({
      text: "Hi.",
    });
  });
});
