/** What a call of the model costs, by the way it ends. */
import { describe, it } from "vitest";
import type { ChatRequest, Model } from "../../../src/core/ports.ts";
import { countSpent, UsageTally } from "../../../src/turn/spent-tokens.ts";
import { estimatePrompt } from "../../../src/turn/tokens.ts";
import { call, done, type Step, say, scriptChats } from "./scripted-chat.ts";

const request: ChatRequest = {
  caller: { personId: "p1", priority: "background" },
  model: "auto",
  messages: [{ role: "user", content: "hello" }],
  tools: [{ name: "clock", description: "", parameters: {} }],
  maxTokens: 10,
};
const SENT = estimatePrompt(request.messages, request.tools);

/** Reads `take` chunks of what the model is to say, and what was counted then. */
async function spentBy(script: readonly Step[], take = script.length) {
  const spent: [string, number][] = [];
  const model = scriptChats(script) as unknown as Model; // nothing else of it is called
  const counted = countSpent(model, async (personId, tokens) => {
    spent.push([personId, tokens]);
  });
  let left = take;
  let failure: unknown;
  try {
    for await (const _chunk of counted.chat(request, new AbortController().signal)) {
      left -= 1;
      if (left === 0) break;
    }
  } catch (error) {
    failure = error;
  }
  return { spent, failure };
}

describe("a call of the model", () => {
  it("costs what the server says", async ({ expect }) => {
    expect((await spentBy([say("a"), say("b"), done])).spent).toEqual([["p1", 12]]);
  });

  it("that is left costs what was sent, and a token for each piece that was heard", async ({
    expect,
  }) => {
    const thought = { kind: "thinking", text: "hm" } as const;
    const { spent } = await spentBy(
      [{ kind: "loading" }, thought, say("a"), call("clock"), done],
      4,
    );
    expect(spent).toEqual([["p1", SENT + 3]]);
  });

  it("that breaks off costs the same, and fails as before", async ({ expect }) => {
    const broken = new Error("broken");
    expect(await spentBy([say("a"), broken])).toEqual({
      spent: [["p1", SENT + 1]],
      failure: broken,
    });
  });

  it("that ends before its first token costs nothing", async ({ expect }) => {
    const waiting = { kind: "waiting", position: 1 } as const;
    expect((await spentBy([waiting, { kind: "loading" }, new Error("away")])).spent).toEqual([]);
    expect((await spentBy([waiting, say("a"), done], 1)).spent).toEqual([]);
  });
});

describe("the calls of one turn", () => {
  /** A clock that goes on by ten with each look. */
  function openTally() {
    let nowMs = 0;
    return new UsageTally("m:1b", () => {
      nowMs += 10;
      return nowMs;
    });
  }

  async function hear(tally: UsageTally, script: readonly Step[]): Promise<void> {
    const { signal } = new AbortController();
    for await (const _chunk of tally.over(scriptChats(script)).chat(request, signal));
  }

  it("cost together what each one does, of the model that answered", async ({ expect }) => {
    const tally = openTally();
    await hear(tally, [say("a"), done]);
    await expect(hear(tally, [say("b"), say("c"), new Error("broken")])).rejects.toThrow("broken");
    const usage = tally.usage;
    expect(usage).toMatchObject({
      model: "m",
      promptTokens: 10 + SENT,
      outputTokens: 2 + 2,
      firstTokenMs: 10,
    });
    expect(usage?.totalMs).toBeGreaterThan(10);
  });

  it("cost nothing before the first token, and are of the expected model until one says", async ({
    expect,
  }) => {
    const tally = openTally();
    expect(tally.usage).toBeUndefined();
    await expect(hear(tally, [{ kind: "loading" }, new Error("away")])).rejects.toThrow("away");
    expect(tally.usage).toBeUndefined();
    await expect(hear(tally, [say("a"), new Error("broken")])).rejects.toThrow("broken");
    expect(tally.usage).toMatchObject({ model: "m:1b", promptTokens: SENT, outputTokens: 1 });
  });
});
