/** Flows over the admin socket: whatever comes in, only a flow of the right form is kept. */
import { createExecutionContext } from "cloudflare:test";
import fc from "fast-check";
import { describe, it } from "vitest";
import { adminApp } from "../../src/app.ts";
import { env } from "../support/integration.ts";

function send(method: string, path: string, body?: unknown): Promise<Response> {
  const init = { method, headers: { "content-type": "application/json" } };
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  return Promise.resolve(
    adminApp.request(`http://admin${path}`, { ...init, ...text }, env, createExecutionContext()),
  );
}

const definition = {
  flow: "knock",
  title: { en: "Knock", zh: "敲门" },
  start: "end",
  states: { end: { end: "done" } },
};

describe("the admin socket", () => {
  it("adds, shows, lists and removes a flow", async ({ expect }) => {
    const added = await send("POST", "/flows", { definition });
    expect(added.status).toBe(201);
    expect(await added.json()).toMatchObject({ change: "added", flow: { name: "knock" } });
    expect((await send("POST", "/flows", { definition })).status).toBe(200);
    expect(await (await send("GET", "/flows/knock")).json()).toMatchObject({ definition });
    expect(await (await send("GET", "/flows")).json()).toMatchObject([{ name: "knock" }]);
    expect(await (await send("DELETE", "/flows/knock")).json()).toEqual({ removed: true });
    for (const method of ["GET", "DELETE"]) {
      const gone = await send(method, "/flows/knock");
      expect(gone.status).toBe(404);
      expect(await gone.json()).toMatchObject({ code: "flow/unknown", detail: "No such flow." });
    }
  });

  it.for<[string, unknown, string, string]>([
    ["no definition", {}, "http/bad_request", ""],
    ["something besides", { definition, more: 1 }, "http/bad_request", ""],
    ["no flow", { definition: 7 }, "flow/bad_definition", "Expected Object but received 7"],
    [
      "a wrong flow",
      { definition: { ...definition, start: "gone" } },
      "flow/bad_definition",
      "start: there is no state gone.",
    ],
  ])("refuses %s, and keeps nothing", async ([, body, code, detail], { expect }) => {
    const refused = await send("POST", "/flows", body);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code, detail: expect.stringContaining(detail) });
    expect(await (await send("GET", "/flows")).json()).toEqual([]);
  });

  it("refuses whatever JSON is no flow", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (given) => {
        const refused = await send("POST", "/flows", { definition: given });
        expect(await refused.json()).toMatchObject({ status: 400, code: "flow/bad_definition" });
      }),
      { numRuns: 50 },
    );
    expect(await (await send("GET", "/flows")).json()).toEqual([]);
  });
});
