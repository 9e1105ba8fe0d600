/** The flows that a directory keeps: versions, triggers that begin one flow only, nothing readable on disk. */
import { evictDurableObject } from "cloudflare:test";
import { describe, it } from "vitest";
import { MAX_FLOWS } from "../../src/do/directory/flows.ts";
import { parseDefinition } from "../../src/flows/definition.ts";
import { createDirectory, failureOf, sql } from "../support/directory.ts";

function flow(name: string, given: Record<string, unknown> = {}) {
  return parseDefinition({
    flow: name,
    title: { en: `Title of ${name}`, zh: name },
    start: "end",
    states: { end: { end: "done" } },
    ...given,
  });
}

describe("a flow", () => {
  it("has a version that rises with each change, and only then", async ({ expect }) => {
    const directory = createDirectory();
    expect(await directory.putFlow(flow("lunch"))).toMatchObject({
      change: "added",
      flow: { name: "lunch", version: 1, states: 1, phrases: [] },
    });
    expect(await directory.putFlow(flow("lunch"))).toMatchObject({
      change: "unchanged",
      flow: { version: 1 },
    });
    expect(await directory.putFlow(flow("lunch", { phrases: ["eat"] }))).toMatchObject({
      change: "changed",
      flow: { version: 2, phrases: ["eat"] },
    });
    expect(await directory.flow("lunch")).toMatchObject({
      version: 2,
      definition: flow("lunch", { phrases: ["eat"] }),
    });
  });

  it("is there in the directory's next life, sealed", async ({ expect }) => {
    const directory = createDirectory();
    await directory.putFlow(flow("b"));
    await directory.putFlow(flow("a"));
    const rows = await sql(directory, "SELECT name, hex(body) AS body FROM flows");
    const plain = Array.from(new TextEncoder().encode("Title"), (byte) => byte.toString(16));
    expect(JSON.stringify(rows).toLowerCase()).not.toContain(plain.join(""));
    await evictDurableObject(directory);
    expect((await directory.flows()).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("is gone when it was removed, and cannot be removed twice", async ({ expect }) => {
    const directory = createDirectory();
    await directory.putFlow(flow("lunch"));
    await directory.removeFlow("lunch");
    expect(await directory.flow("lunch")).toBeUndefined();
    expect(await failureOf(directory, (object) => object.removeFlow("lunch"))).toMatchObject({
      code: "flow/unknown",
      message: "No such flow.",
    });
  });

  it("takes no words that begin another", async ({ expect }) => {
    const directory = createDirectory();
    await directory.putFlow(flow("lunch", { phrases: ["Order food"] }));
    const other = flow("dinner", { keywords: ["order  FOOD"] });
    expect(await failureOf(directory, (object) => object.putFlow(other))).toMatchObject({
      code: "flow/refused",
      message: "“order food” begins the flow lunch already.",
    });
    expect(await sql(directory, "SELECT name FROM flows")).toEqual([{ name: "lunch" }]);
  });

  it(`is one of ${MAX_FLOWS} at most, of which each may change`, async ({ expect }) => {
    const directory = createDirectory();
    for (let index = 0; index < MAX_FLOWS; index += 1) await directory.putFlow(flow(`f${index}`));
    expect(await failureOf(directory, (object) => object.putFlow(flow("more")))).toMatchObject({
      code: "flow/refused",
      message: `At most ${MAX_FLOWS} flows fit.`,
    });
    expect(await directory.putFlow(flow("f7", { timeout: "1h" }))).toMatchObject({
      change: "changed",
    });
  });
});
