import { describe, it } from "vitest";
import { MAX_TOLD_KINDS, RefusalTally, TELL_AGAIN_MS } from "../../../src/limits/refusal-tally.ts";

const NOW_MS = 1_800_000_000_000;

describe("refusals", () => {
  it("are told of at once, then counted, and told together after a while", ({ expect }) => {
    const tally = new RefusalTally<string>();
    expect(tally.add("a", "first", NOW_MS)).toEqual([{ about: "first", count: 1 }]);
    for (let more = 0; more < 500; more += 1)
      expect(tally.add("a", "more", NOW_MS + more)).toEqual([]);
    expect(tally.add("a", "last", NOW_MS + TELL_AGAIN_MS)).toEqual([{ about: "last", count: 501 }]);
  });

  it("of another kind that were counted are told of with the next one of any kind", ({
    expect,
  }) => {
    const tally = new RefusalTally<string>();
    tally.add("a", "a", NOW_MS);
    tally.add("a", "a", NOW_MS + 1);
    expect(tally.add("b", "b", NOW_MS + TELL_AGAIN_MS)).toEqual([
      { about: "a", count: 1 },
      { about: "b", count: 1 },
    ]);
  });

  it("that were not told of yet are told of when somebody asks, once", ({ expect }) => {
    const tally = new RefusalTally<string>();
    tally.add("a", "a", NOW_MS);
    tally.add("a", "a", NOW_MS + 1);
    expect(tally.rest(NOW_MS + 2)).toEqual([{ about: "a", count: 1 }]);
    expect(tally.rest(NOW_MS + 3)).toEqual([]);
  });

  it("of many kinds are a bounded number of entries, and every one is counted", ({ expect }) => {
    const tally = new RefusalTally<string>();
    const told = [];
    for (let at = 0; at < 10_000; at += 1) told.push(...tally.add(`kind-${at}`, "x", NOW_MS + at));
    expect(told).toHaveLength(MAX_TOLD_KINDS + 1);
    expect(told.at(-1)).toEqual({ about: undefined, count: 1 });
    told.push(...tally.rest(NOW_MS + 10_000));
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  });

  it("are told of at once again when it was quiet for a while, or the clock was set back", ({
    expect,
  }) => {
    const tally = new RefusalTally<string>();
    for (let at = 0; at < MAX_TOLD_KINDS; at += 1) tally.add(`kind-${at}`, "x", NOW_MS);
    const later = NOW_MS + TELL_AGAIN_MS;
    expect(tally.add("new", "new", later)).toEqual([{ about: "new", count: 1 }]);
    expect(tally.add("new", "new", later - 1)).toEqual([{ about: "new", count: 1 }]);
  });
});
