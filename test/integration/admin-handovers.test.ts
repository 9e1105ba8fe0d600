/** The desk over the admin socket: whatever comes in, only a text for somebody who waits is taken. */
import { createExecutionContext } from "cloudflare:test";
import fc from "fast-check";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { adminApp } from "../../src/app.ts";
import { MAX_ANSWER_UNITS } from "../../src/core/handover.ts";
import { openDirectory } from "../../src/do/directory/directory-client.ts";
import { parseDefinition } from "../../src/flows/definition.ts";
import { env } from "../support/integration.ts";
import { ScriptedModel, until } from "../support/scripted-model.ts";
import { Talk } from "../support/talk.ts";

const model = new ScriptedModel();
const text = { en: "A person comes.", zh: "有人会来。" };
const call = {
  flow: "call",
  title: text,
  phrases: ["call somebody"],
  start: "end",
  states: { end: { end: "person", say: text, tellOwner: false } },
};

beforeAll(async () => {
  vi.stubGlobal("fetch", model.fetch);
  await openDirectory(env).putFlow(parseDefinition(call));
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function send(method: string, path: string, body?: unknown) {
  const init = { method, headers: { "content-type": "application/json" } };
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const context = createExecutionContext();
  const request = new Request(`http://admin/handovers${path}`, { ...init, ...given });
  const response = await adminApp.fetch(request, env, context);
  return { status: response.status, body: await response.json() };
}

describe("the admin socket", () => {
  it("lists who waits, answers, and gives back, of a flow that tells nobody, too", async ({
    expect,
  }) => {
    const talk = new Talk();
    await talk.ask("call somebody");
    await until(async () => (await openDirectory(env).handovers()).length > 0);
    const listed = await send("GET", "");
    expect(listed.body).toEqual([
      {
        number: expect.any(Number),
        name: "?",
        channel: "web",
        flow: "call",
        openedAtMs: expect.any(Number),
        answeredBy: null,
      },
    ]);
    const [{ number }] = listed.body as [{ number: number }]; // asserted above
    expect(await send("POST", `/${number}/answers`, { text: " Here I am. " })).toEqual({
      status: 201,
      body: { sent: true },
    });
    expect(await send("DELETE", `/${number}`)).toEqual({ status: 200, body: { ended: true } });
    expect((await talk.texts()).slice(-2)).toEqual([
      "Here I am.",
      "From here on the assistant answers you again.",
    ]);
    for (const again of [
      await send("DELETE", `/${number}`),
      await send("POST", `/${number}/answers`, { text: "?" }),
      await send("DELETE", "/999999999"),
    ])
      expect(again).toMatchObject({
        status: 404,
        body: {
          code: "handover/unknown",
          detail: "Nobody of that number is handed over to a person, or not any more.",
        },
      });
  });

  it.for<[string, unknown]>([
    ["no text", {}],
    ["an empty text", { text: "  " }],
    ["a text that is too long", { text: "a".repeat(MAX_ANSWER_UNITS + 1) }],
    ["something besides", { text: "a", more: 1 }],
  ])("refuses %s", async ([, body], { expect }) => {
    expect(await send("POST", "/1/answers", body)).toMatchObject({
      status: 400,
      body: { code: "http/bad_request" },
    });
  });

  it("refuses whatever JSON is no answer", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (given) => {
        const refused = await send("POST", "/1/answers", given);
        expect(refused).toMatchObject({ status: 400, body: { code: "http/bad_request" } });
      }),
      { numRuns: 50 },
    );
  });
});
