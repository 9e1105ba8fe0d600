import fc from "fast-check";
import { describe, it } from "vitest";
import { chooseModel, isRemoteName } from "../../../src/models/choose.ts";

const GB = 1e9;

function model(name: string, sizeGb: number, capabilities = ["completion"]) {
  return { name, sizeBytes: sizeGb * GB, capabilities };
}

const TABLE = [
  { title: "nothing installed", installed: [], memoryGb: 16, chosen: undefined },
  {
    title: "several fit: the largest",
    installed: [model("s:1b", 1), model("l:8b", 5), model("m:3b", 2)],
    memoryGb: 16,
    chosen: "l:8b",
  },
  {
    title: "a file of exactly half of the memory fits",
    installed: [model("s:1b", 1), model("l:8b", 8)],
    memoryGb: 16,
    chosen: "l:8b",
  },
  {
    title: "a file of a little more does not",
    installed: [model("s:1b", 1), model("l:8b", 8.1)],
    memoryGb: 16,
    chosen: "s:1b",
  },
  {
    title: "none fits: the smallest",
    installed: [model("xl:70b", 40), model("l:8b", 5)],
    memoryGb: 4,
    chosen: "l:8b",
  },
  {
    title: "unknown memory: the smallest",
    installed: [model("l:8b", 5), model("s:1b", 1)],
    memoryGb: 0,
    chosen: "s:1b",
  },
  {
    title: "two of one size: the first by name",
    installed: [model("b:8b", 5), model("a:8b", 5)],
    memoryGb: 16,
    chosen: "a:8b",
  },
  {
    title: "two of one size and none fits: the first by name",
    installed: [model("b:8b", 5), model("a:8b", 5)],
    memoryGb: 1,
    chosen: "a:8b",
  },
  {
    title: "embedding models cannot answer",
    installed: [model("embed:l", 6, ["embedding"]), model("s:1b", 1)],
    memoryGb: 16,
    chosen: "s:1b",
  },
  {
    title: "only embedding models",
    installed: [model("embed:l", 1, ["embedding"])],
    memoryGb: 16,
    chosen: undefined,
  },
  {
    title: "cloud models are somebody else's machine",
    installed: [model("big:120b-cloud", 0.001), model("s:1b", 1)],
    memoryGb: 1,
    chosen: "s:1b",
  },
  {
    title: "an old server that states no capabilities",
    installed: [model("l:8b", 5, [])],
    memoryGb: 16,
    chosen: "l:8b",
  },
];

describe("chooseModel", () => {
  for (const { title, installed, memoryGb, chosen } of TABLE)
    it(`${title} → ${chosen ?? "none"}`, ({ expect }) => {
      expect(chooseModel(installed, memoryGb * GB)).toBe(chosen);
    });

  it("does not depend on the order of the list", ({ expect }) => {
    const anyModel = fc.record({
      name: fc.constantFrom("a:1b", "b:3b", "c:8b", "d:cloud"),
      sizeBytes: fc.nat(4),
      capabilities: fc.constantFrom<string[]>(["completion"], ["embedding"], []),
    });
    const models = fc.uniqueArray(anyModel, { selector: ({ name }) => name });
    fc.assert(
      fc.property(models, fc.nat(10), (installed, memoryBytes) => {
        expect(chooseModel(installed.toReversed(), memoryBytes)).toBe(
          chooseModel(installed, memoryBytes),
        );
      }),
    );
  });
});

describe("isRemoteName", () => {
  it("knows cloud models by the end of their names", ({ expect }) => {
    expect(["big:120b-cloud", "big:cloud", "BIG:CLOUD"].every(isRemoteName)).toBe(true);
    expect(["cloudy:8b", "mycloud:latest", "tiny"].some(isRemoteName)).toBe(false);
  });
});
