import { describe, it } from "vitest";
import {
  EXPORT_IDLE_MS,
  MAX_EXPORTS_AT_ONCE,
  RunningExports,
} from "../../../src/limits/running-exports.ts";

const NOW_MS = 1_800_000_000_000;

describe("running exports", () => {
  it("are known by their person until they end", ({ expect }) => {
    const running = new RunningExports();
    const begun = running.begin("ada", NOW_MS);
    expect([running.has("ada", NOW_MS), running.has("bob", NOW_MS)]).toEqual([true, false]);
    running.end(begun);
    expect(running.has("ada", NOW_MS)).toBe(false);
  });

  it("are as many as there is room for", ({ expect }) => {
    const running = new RunningExports();
    const begun = running.begin("0", NOW_MS);
    for (let index = 1; index < MAX_EXPORTS_AT_ONCE; index += 1) {
      expect(running.hasRoom(NOW_MS)).toBe(true);
      running.begin(`${index}`, NOW_MS);
    }
    expect(running.hasRoom(NOW_MS)).toBe(false);
    running.end(begun);
    expect(running.hasRoom(NOW_MS)).toBe(true);
  });

  it("lapse where nobody reads on, and come back with whoever does", ({ expect }) => {
    const running = new RunningExports();
    const begun = running.begin("ada", NOW_MS);
    running.read(begun, NOW_MS + 1_000);
    expect(running.has("ada", NOW_MS + 1_000 + EXPORT_IDLE_MS)).toBe(true);
    expect(running.has("ada", NOW_MS + 1_001 + EXPORT_IDLE_MS)).toBe(false);
    running.read(begun, NOW_MS + 200_000);
    expect(running.has("ada", NOW_MS + 200_000)).toBe(true);
    expect(running.has("ada", NOW_MS)).toBe(false); // the clock was set back
  });
});
