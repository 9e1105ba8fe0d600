import fc from "fast-check";
import { describe, it } from "vitest";
import { parseExpiry, parseKeepingTime } from "../../../local-runtime/expiry.ts";

const NOW = Date.UTC(2026, 10, 21, 12);

describe("parseExpiry", () => {
  it.for([
    ["12h", "2026-11-22T00:00:00.000Z"],
    ["90d", "2027-02-19T12:00:00.000Z"],
    ["8w", "2027-01-16T12:00:00.000Z"],
    ["2026-11-22", "2026-11-22T00:00:00.000Z"],
  ] as const)("%s is %s", ([text, expected], { expect }) => {
    expect(new Date(parseExpiry(text, NOW)).toISOString()).toBe(expected);
  });

  it.for(["", "soon", "12", "12m", "-1d", "1.5d", "2027-02-30", "2027-13-01", "2027-1-1"])(
    "cannot read %j",
    (text, { expect }) => {
      expect(() => parseExpiry(text, NOW)).toThrow("The time of expiry cannot be read.");
    },
  );

  it.for(["0h", "2026-11-21", "1999-01-01"])("%s has passed", (text, { expect }) => {
    expect(() => parseExpiry(text, NOW)).toThrow("The time of expiry has passed already.");
  });

  it("answers a later time or a usage error, whatever is typed", ({ expect }) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d-]{1,10}[hdw]?$/)), (text) => {
        try {
          expect(parseExpiry(text, NOW)).toBeGreaterThan(NOW);
        } catch (error) {
          expect(error).toMatchObject({ code: "usage/bad_argument", exitStatus: 64 });
        }
      }),
    );
  });
});

describe("parseKeepingTime", () => {
  it.for([
    ["30s", 30_000],
    ["10m", 600_000],
    ["24h", 86_400_000],
  ] as const)("%s is %i ms", ([text, timeMs], { expect }) => {
    expect(parseKeepingTime(text)).toBe(timeMs);
  });

  it.for(["", "0s", "1d", "25h", "1.5h", "-1h", "1 h"])("refuses %j", (text, { expect }) => {
    expect(() => parseKeepingTime(text)).toThrow(
      "The time for which answers are kept cannot be read.",
    );
  });
});
