import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it, onTestFinished } from "vitest";
import { freeShare } from "../../../../local-runtime/host-work/free-memory.ts";
import {
  CALM_MS,
  decidePressure,
  ENOUGH_SHARE,
  NO_PRESSURE,
  SHORT_SHARE,
} from "../../../../local-runtime/host-work/memory-pressure.ts";

/** What is short at the end of looks at these times. */
function shortAfter(...looks: [share: number | undefined, atMs: number][]): boolean {
  return looks.reduce((before, [share, atMs]) => decidePressure(before, share, atMs), NO_PRESSURE)
    .isShort;
}

describe("decidePressure", () => {
  it("begins below a fifth", ({ expect }) => {
    expect(SHORT_SHARE).toBe(0.2);
    expect(shortAfter([SHORT_SHARE, 0])).toBe(false);
    expect(shortAfter([0.199, 0])).toBe(true);
  });

  it("ends when a quarter has been free for a minute without a break", ({ expect }) => {
    expect(shortAfter([0.1, 0], [0.24, 1], [0.24, 1 + CALM_MS])).toBe(true);
    const enough = ENOUGH_SHARE;
    expect(enough).toBe(0.25);
    expect(shortAfter([0.1, 0], [enough, 1], [enough, CALM_MS])).toBe(true);
    expect(shortAfter([0.1, 0], [enough, 1], [enough, 1 + CALM_MS])).toBe(false);
    expect(shortAfter([0.1, 0], [0.5, 1], [0.24, 2], [0.5, 3], [0.5, 1 + CALM_MS])).toBe(true);
  });

  it("is none where nobody knows", ({ expect }) => {
    expect(shortAfter([0.1, 0], [undefined, 1])).toBe(false);
  });

  it("never changes twice within the time of calm, whatever the memory does", ({ expect }) => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { maxLength: 50 }), (shares) => {
        let pressure = NO_PRESSURE;
        let begunMs = 0;
        for (const [index, free] of shares.entries()) {
          const nowMs = index * 10_000;
          const next = decidePressure(pressure, free, nowMs);
          if (next.isShort && !pressure.isShort) begunMs = nowMs;
          if (!next.isShort && pressure.isShort)
            expect(nowMs - begunMs).toBeGreaterThanOrEqual(CALM_MS);
          pressure = next;
        }
      }),
    );
  });
});

describe("freeShare", () => {
  function write(texts: Record<"meminfo" | "max" | "current" | "stat", string>) {
    const dir = mkdtempSync(join(tmpdir(), "rockpool-memory-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text);
    const at = (name: string) => join(dir, name);
    return { meminfo: at("meminfo"), max: at("max"), current: at("current"), stat: at("stat") };
  }
  const meminfo = "MemTotal:       1000 kB\nMemFree:          50 kB\nMemAvailable:    400 kB\n";
  const none = { max: "", current: "", stat: "" };

  it("is what the machine could give", ({ expect }) => {
    expect(freeShare(write({ meminfo, ...none }))).toBe(0.4);
    expect(freeShare(write({ meminfo, ...none, max: "max\n", current: "5\n" }))).toBe(0.4);
  });

  it("is what the container could give, where that is less", ({ expect }) => {
    const group = { max: "1000\n", current: "950\n", stat: "anon 1\ninactive_file 100\n" };
    expect(freeShare(write({ meminfo, ...group }))).toBe(0.15);
    expect(freeShare(write({ meminfo, ...group, current: "100\n" }))).toBe(0.4);
  });

  it("is unknown where no file says it, or says nonsense", ({ expect }) => {
    expect(freeShare(write({ meminfo: "", ...none }))).toBeUndefined();
    expect(freeShare(write({ meminfo: "MemTotal: 0 kB\nMemAvailable: 0 kB\n", ...none }))).toBe(
      undefined,
    );
  });
});
