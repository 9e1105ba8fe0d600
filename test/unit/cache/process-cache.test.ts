/** The second level where the runtime has no memory cache; test/e2e/caches.test.ts has it with workerd's own. */
import { describe, it } from "vitest";
import { type MemoryCache, ProcessCache } from "../../../src/cache/process-cache.ts";
import { AppError } from "../../../src/core/errors.ts";

const nowMs = () => 1_000;
const never = new AbortController().signal;

describe("ProcessCache", () => {
  it("looks everything up where there is no cache", async ({ expect }) => {
    const cache = new ProcessCache({ binding: undefined, nowMs });
    let loads = 0;
    const load = async () => {
      loads += 1;
      return { value: loads, ttlMs: 60_000 };
    };
    expect(await cache.read("test", "a", never, load)).toBe(1);
    expect(await cache.read("test", "a", never, load)).toBe(2);
  });

  it("waits no longer for another's look-up than its signal says", async ({ expect }) => {
    const binding: MemoryCache = { read: () => new Promise(() => undefined) };
    const cache = new ProcessCache({ binding, nowMs });
    const late = new AbortController();
    const load = async () => ({ value: 1, ttlMs: 1 });
    const waiting = cache.read("test", "a", late.signal, load);
    late.abort(new AppError("model/unavailable"));
    await expect(waiting).rejects.toMatchObject({ code: "model/unavailable" });
    await expect(cache.read("test", "a", late.signal, load)).rejects.toMatchObject({
      code: "model/unavailable",
    });
  });
});
