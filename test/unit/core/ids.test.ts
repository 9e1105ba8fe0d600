import fc from "fast-check";
import { describe, it } from "vitest";
import {
  accountKey,
  decodeSessionKey,
  encodeSessionKey,
  NAME_PATTERN,
  newId,
  parseAccountKey,
  type TurnId,
} from "../../../src/core/ids.ts";

/** Any text at all: colons, percent signs, and UTF-16 that is not well formed. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[:%/ a-f0-9]*$/),
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((units) => String.fromCharCode(...units)),
);
const address = fc.record(
  { channel: anyText, account: anyText, conversation: anyText, thread: anyText },
  { requiredKeys: ["channel", "account", "conversation"] },
);

describe("session keys", () => {
  it("come back as the address they were made of, in well-formed text", ({ expect }) => {
    fc.assert(
      fc.property(address, (given) => {
        const wellFormed = Object.fromEntries(
          Object.entries(given).map(([name, text]) => [name, text.toWellFormed()]),
        );
        expect(decodeSessionKey(encodeSessionKey(given))).toEqual(wellFormed);
      }),
    );
  });

  it("differ where addresses differ, wherever the colons stand", ({ expect }) => {
    fc.assert(
      fc.property(address, address, (one, other) => {
        const same =
          JSON.stringify(decodeSessionKey(encodeSessionKey(one))) ===
          JSON.stringify(decodeSessionKey(encodeSessionKey(other)));
        expect(encodeSessionKey(one) === encodeSessionKey(other)).toBe(same);
      }),
    );
    expect(encodeSessionKey({ channel: "a", account: "b:c", conversation: "d" })).not.toBe(
      encodeSessionKey({ channel: "a:b", account: "c", conversation: "d" }),
    );
  });

  it("tell a conversation from the empty thread in it", ({ expect }) => {
    const conversation = { channel: "a", account: "b", conversation: "c" };
    expect(encodeSessionKey({ ...conversation, thread: "" })).toBe("a:b:c:");
    expect(decodeSessionKey("a:b:c:")).toEqual({ ...conversation, thread: "" });
    expect(decodeSessionKey("a:b:c")).toEqual(conversation);
  });

  it("are looked for in any text, and in none of it is an error", ({ expect }) => {
    fc.assert(
      fc.property(anyText, (text) => {
        const found = decodeSessionKey(text);
        if (found) expect(text.split(":").length).toBeOneOf([3, 4]);
      }),
    );
    expect(decodeSessionKey("")).toBeUndefined();
    expect(decodeSessionKey("a:b")).toBeUndefined();
    expect(decodeSessionKey("a:b:c:d:e")).toBeUndefined();
    expect(decodeSessionKey("a:b:%")).toBeUndefined();
    expect(decodeSessionKey("a:b:%ff")).toBeUndefined();
  });
});

describe("account keys", () => {
  const name = fc.stringMatching(NAME_PATTERN);

  it("come apart into the channel and the name they were made of", ({ expect }) => {
    fc.assert(
      fc.property(name, name, (channel, account) => {
        expect(parseAccountKey(accountKey(channel, account))).toEqual({ channel, name: account });
      }),
    );
  });

  it("are made of names that need no encoding and are no longer than 32 characters", ({
    expect,
  }) => {
    expect(NAME_PATTERN.test("a".repeat(32))).toBe(true);
    for (const bad of ["a".repeat(33), "", "A", "1a", "a:b", "a/b", "a b", "a%", "é", "a\n"])
      expect(NAME_PATTERN.test(bad), bad).toBe(false);
  });
});

describe("new ids", () => {
  it("differ and sort by the time they were made", ({ expect }) => {
    const ids = Array.from({ length: 1_000 }, () => newId<TurnId>());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });
});
