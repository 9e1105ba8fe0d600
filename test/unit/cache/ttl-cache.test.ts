import { describe, it } from "vitest";
import { TtlCache } from "../../../src/cache/ttl-cache.ts";

function createCache(maxEntries: number) {
  const clock = { nowMs: 1_000_000 };
  const cache = new TtlCache<string>({
    name: "test",
    ttlMs: 30_000,
    maxEntries,
    nowMs: () => clock.nowMs,
  });
  return { clock, cache };
}

describe("TtlCache", () => {
  it("keeps a value until its time is over, to the millisecond", ({ expect }) => {
    const { clock, cache } = createCache(4);
    cache.set("a", "tea");
    clock.nowMs += 29_999;
    expect(cache.get("a")).toBe("tea");
    clock.nowMs += 1;
    expect(cache.get("a")).toBeUndefined();
  });

  it("does not keep values for ever when the clock is set back", ({ expect }) => {
    const { clock, cache } = createCache(4);
    cache.set("a", "tea");
    clock.nowMs -= 1;
    expect(cache.get("a")).toBeUndefined();
  });

  it("lets go of the value that was stored first when it is full", ({ expect }) => {
    const { cache } = createCache(2);
    cache.set("a", "1");
    cache.set("b", "2");
    cache.set("a", "3");
    cache.set("c", "4");
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual(["3", undefined, "4"]);
  });

  it("forgets what it is told to", ({ expect }) => {
    const { cache } = createCache(2);
    cache.set("a", "1");
    cache.delete("a");
    expect(cache.get("a")).toBeUndefined();
  });
});
