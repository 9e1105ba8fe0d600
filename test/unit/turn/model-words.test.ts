import { describe, it } from "vitest";
import type { ModelServerState } from "../../../src/core/ports.ts";
import { phrase } from "../../../src/phrases/phrase.ts";
import type { CommandPorts, Say } from "../../../src/turn/commands.ts";
import { chooseModel, describeModels } from "../../../src/turn/model-words.ts";

const say: Say = (name, values) => phrase("en", name, values);

function model(name: string, server: string) {
  return { name, server, sizeBytes: 1, capabilities: [], loaded: false };
}

const TWO: ModelServerState = {
  status: "up",
  version: "1",
  models: [
    model("tiny:latest", "main"),
    model("chat:8b@main", "main"),
    model("chat:8b@lan", "lan"),
    model("see:4b", "lan"),
  ],
  chosen: "chat:8b@main",
  aliases: [{ alias: "fast", model: "tiny:latest" }, { alias: "smart" }],
  servers: [
    { name: "main", status: "up" },
    { name: "lan", status: "up" },
  ],
};

async function choose(args: string, state = TWO, wanted = "auto", isAllowed = true) {
  const set: string[] = [];
  const ports = {
    say,
    modelState: async () => state,
    sessionModel: () => wanted,
    setSessionModel: async (name: string) => isAllowed && set.push(name) > 0,
  } as unknown as CommandPorts; // all that /model asks for
  return { reply: await chooseModel(args, ports), set };
}

describe("/model", () => {
  it("lists models and what the aliases mean now, without those that mean nothing", async ({
    expect,
  }) => {
    expect((await choose("")).reply).toBe(
      "This conversation uses auto (now chat:8b@main).\n" +
        "Installed: `tiny:latest`, `chat:8b@main`, `chat:8b@lan`, `see:4b`\n" +
        "Or by what it is for: `fast` (tiny:latest)",
    );
    expect((await choose("", TWO, "fast")).reply).toMatch(
      /^This conversation uses fast \(now tiny:latest\)\.\n/,
    );
  });

  it("takes an alias, a model with its server or without, and auto", async ({ expect }) => {
    for (const name of ["fast", "auto", "chat:8b", "chat:8b@lan", "see:4b", "see:4b@lan"])
      expect(await choose(name)).toEqual({
        reply: `From now on this conversation uses ${name}.`,
        set: [name],
      });
  });

  it("refuses an alias that means nothing, and a model on a server that lacks it", async ({
    expect,
  }) => {
    for (const name of ["smart", "see:4b@main", "tiny:latest@lan", "@lan", "main"]) {
      const { reply, set } = await choose(name);
      expect(reply).toMatch(/is not installed/);
      expect(set).toEqual([]);
    }
  });
});

describe("/model of somebody who chose too many", () => {
  it("changes nothing and says how long to wait", async ({ expect }) => {
    expect(await choose("auto", TWO, "fast", false)).toEqual({
      reply: "Too many models were chosen. Wait five minutes, then try again.",
      set: [],
    });
    expect((await choose("gone", TWO, "fast", false)).reply).toMatch(/is not installed/);
  });
});

describe("/status", () => {
  it("names what an alias means, and a server that is away", ({ expect }) => {
    const servers = [
      { name: "main", status: "up" as const },
      { name: "lan", status: "down" as const, code: "model/unavailable" as const },
    ];
    expect(describeModels("fast", { ...TWO, servers }, say)).toEqual([
      "Model: tiny:latest",
      "The model server lan does not answer.",
    ]);
    expect(describeModels("smart", TWO, say)).toEqual(["Model: none is installed yet."]);
  });

  it("says why a smaller model answers, in both languages", ({ expect }) => {
    const pressure = { freePercent: 14, model: "tiny:latest" };
    expect(describeModels("chat:8b", { ...TWO, pressure }, say)).toEqual([
      "Model: chat:8b",
      "Memory is short on this box (14 % free): tiny:latest answers in place of its models until there is more.",
    ]);
    expect(phrase("zh", "statusPressure", { percent: 14, model: "tiny" })).toBe(
      "本机内存不足（空闲 14%）：暂时由 tiny 代替本机模型回答，直到内存恢复。",
    );
  });
});
