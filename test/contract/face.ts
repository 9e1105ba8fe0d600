/** The contract's part about what an adapter says of itself: fields, capabilities, origins. */
import { describe, it } from "vitest";
import type { Account, ChannelAdapter } from "../../src/adapters/adapter.ts";
import { MIN_PIECE_UNITS } from "../../src/adapters/split.ts";
import { NAME_PATTERN } from "../../src/core/ids.ts";

const CONVERSATIONS = [
  { id: "1", kind: "direct" },
  { id: "2", kind: "group" },
] as const;

export function faceContract(adapter: ChannelAdapter, account: Account): void {
  const { capabilities } = adapter;

  describe("face", () => {
    it("has a name that can stand in a path and a key", ({ expect }) => {
      expect(adapter.channel).toMatch(NAME_PATTERN);
      expect(adapter.doc).toMatch(/^\S.*\.$/);
    });

    it("names each field once and says what it is for", ({ expect }) => {
      const names = adapter.fields.map((field) => field.name);
      expect(new Set(names).size).toBe(names.length);
      for (const field of adapter.fields) {
        expect(field.name).toMatch(/^[a-z][a-z0-9-]*$/);
        expect(field.doc).toMatch(/^\S.*\.$/);
      }
    });

    it("generates values that differ each time and pass its own check", ({ expect }) => {
      for (const field of adapter.fields) {
        if (!field.generate) continue;
        const values = [field.generate(), field.generate()];
        expect(values[0]).not.toBe(values[1]);
        for (const value of values) expect(field.check?.(value)).toBeUndefined();
      }
    });

    it("accepts the account's own values and never repeats a wrong one", ({ expect }) => {
      for (const field of adapter.fields) {
        const value = (field.secret ? account.secrets : account.settings)[field.name];
        if (value !== undefined) expect(field.check?.(value), field.name).toBeUndefined();
        const wrong = "wrong value \u0000 7f3a";
        const said = field.check?.(wrong);
        if (said !== undefined) expect(said).not.toContain(wrong);
      }
    });

    it("keeps each value where its field says", ({ expect }) => {
      for (const { name, secret, required } of adapter.fields) {
        const [own, other] = secret
          ? [account.secrets, account.settings]
          : [account.settings, account.secrets];
        expect(other).not.toHaveProperty(name);
        if (required) expect(own).toHaveProperty(name);
      }
    });

    it("states limits that the core can work with", ({ expect }) => {
      expect(capabilities.transports.length).toBeGreaterThan(0);
      expect(capabilities.maxBodyBytes).toSatisfy(Number.isSafeInteger);
      expect(capabilities.maxBodyBytes).toBeGreaterThanOrEqual(0);
      expect(capabilities.maxTextUnits).toBeGreaterThanOrEqual(MIN_PIECE_UNITS);
      expect(capabilities.maxFileBytes).toBeGreaterThanOrEqual(0);
      if (capabilities.typingMs !== undefined) expect(capabilities.typingMs).toBeGreaterThan(0);
    });

    it("can do what its capabilities promise", ({ expect }) => {
      for (const conversation of CONVERSATIONS) {
        const preview = capabilities.preview(conversation);
        if (!preview) continue;
        expect(preview.everyMs).toBeGreaterThan(0);
        expect(adapter[preview.how]).toBeTypeOf("function");
      }
      if (capabilities.typingMs !== undefined) expect(adapter.typing).toBeTypeOf("function");
      if (capabilities.transports.includes("poll")) expect(adapter.connect).toBeTypeOf("function");
    });

    it("names the origins that it calls, and no other form of address", ({ expect }) => {
      for (const origin of adapter.origins(account)) expect(new URL(origin).origin).toBe(origin);
    });
  });
}
