/** How floods of refused calls become few entries of the audit log. */
import { describe, it } from "vitest";
import { MAX_KINDS, Refusals, TELL_EVERY_MS } from "../../../src/routes/note-refusals.ts";

describe("refusals", () => {
  it("are told of at once, then counted, and told of together after a while", ({ expect }) => {
    const refusals = new Refusals();
    expect(refusals.count("forged /a", 0)).toBe(1);
    for (let n = 0; n < 5_000; n += 1)
      expect(refusals.count("forged /a", TELL_EVERY_MS - 1)).toBe(0);
    expect(refusals.count("forged /a", TELL_EVERY_MS)).toBe(5_001);
    expect(refusals.count("forged /a", TELL_EVERY_MS + 1)).toBe(0);
  });

  it("are told apart by kind, as many as there is room for", ({ expect }) => {
    const refusals = new Refusals();
    for (let kind = 0; kind < MAX_KINDS; kind += 1)
      expect(refusals.count(`denied ${kind}`, 0)).toBe(1);
    expect(refusals.count("one more", 0)).toBe(1);
    expect(refusals.count("and another", 0)).toBe(0);
    expect(refusals.count("denied 0", TELL_EVERY_MS)).toBe(1);
  });
});
