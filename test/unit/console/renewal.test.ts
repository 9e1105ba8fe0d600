import { describe, it } from "vitest";
import { ApiError } from "../../../src/console/api-error.ts";
import { createRenewal } from "../../../src/console/renewal.ts";

const QUARTER_MS = 15 * 60_000;
const over = () => Promise.reject(new ApiError({ status: 401 }));

function start(renew: () => Promise<{ endsInMs: number }>) {
  const page = { nowMs: 0, timers: [] as { work: () => void; ms: number }[] };
  const renewal = createRenewal({
    renew,
    nowMs: () => page.nowMs,
    later: (work, ms) => page.timers.push({ work, ms }),
  });
  return { page, renewal };
}

describe("the access of a page", () => {
  it("is renewed when a call finds it over, once for all calls that do, and they go on", async ({
    expect,
  }) => {
    let renewals = 0;
    let isGood = false;
    const { renewal } = start(() => {
      renewals += 1;
      isGood = true;
      return Promise.resolve({ endsInMs: QUARTER_MS });
    });
    const call = () => renewal.around(() => (isGood ? Promise.resolve("done") : over()));
    expect(await Promise.all([call(), call(), call()])).toEqual(["done", "done", "done"]);
    expect(renewals).toBe(1);
  });

  it("is renewed ahead of its end, also where a timer has slept", async ({ expect }) => {
    let renewals = 0;
    const { page, renewal } = start(() => {
      renewals += 1;
      return Promise.resolve({ endsInMs: QUARTER_MS });
    });
    renewal.lasts(QUARTER_MS);
    expect(page.timers[0]?.ms).toBe(12 * 60_000);
    renewal.check();
    expect(renewals).toBe(0);
    page.nowMs = QUARTER_MS * 10;
    renewal.check();
    renewal.check();
    expect(renewals).toBe(1);
  });

  it("that cannot be renewed says so to whoever called", async ({ expect }) => {
    const { renewal } = start(over);
    await expect(renewal.around(over)).rejects.toMatchObject({ status: 401 });
    const away = start(() => Promise.reject(new ApiError({ status: 0 })));
    await expect(away.renewal.around(over)).rejects.toMatchObject({ status: 0 });
    const other = renewal.around(() => Promise.reject(new ApiError({ status: 500 })));
    await expect(other).rejects.toMatchObject({ status: 500 });
  });
});
