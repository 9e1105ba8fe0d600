import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_NAME_UNITS, MAX_TEXT_UNITS, parse } from "../../../../src/adapters/webhook/parse.ts";

const payload = (body: object) => ({ id: "msg_1", atMs: 1_700_000_000_000, body });

describe("parse of the generic webhook", () => {
  it("makes a direct message of the smallest body", ({ expect }) => {
    expect(parse(payload({ conversation: "c1", user: "u1", text: "hi" }))).toEqual([
      {
        kind: "message",
        key: "msg_1",
        message: {
          id: "msg_1",
          atMs: 1_700_000_000_000,
          conversation: { id: "c1", kind: "direct" },
          sender: { id: "u1" },
          text: "hi",
          mentionsMe: true,
          media: [],
          target: { conversation: { id: "c1", kind: "direct" }, replyTo: "msg_1" },
        },
      },
    ]);
  });

  it("keeps the user's name and language", ({ expect }) => {
    const user = { id: "9007199254740993", name: "Wei\u0000", lang: "zh-CN" };
    const [event] = parse(payload({ conversation: "c1", user, text: "hi" }));
    expect(event).toMatchObject({
      message: { sender: { id: "9007199254740993", name: "Wei", lang: "zh-CN" } },
    });
  });

  it("answers in a group only where it is mentioned", ({ expect }) => {
    const group = { conversation: "c1", user: "u1", text: "hi", group: true };
    expect(parse(payload(group))).toMatchObject([
      { message: { mentionsMe: false, conversation: { kind: "group" } } },
    ]);
    expect(parse(payload({ ...group, mentioned: true }))).toMatchObject([
      { message: { mentionsMe: true } },
    ]);
  });

  it("takes text at the limit, and cleans it of control characters and lone surrogates", ({
    expect,
  }) => {
    const body = (text: string) => payload({ conversation: "c1", user: "u1", text });
    expect(parse(body("x".repeat(MAX_TEXT_UNITS)))).toMatchObject([{ kind: "message" }]);
    expect(parse(body("x".repeat(MAX_TEXT_UNITS + 1)))).toEqual([
      { kind: "ignored", reason: "not a webhook message" },
    ]);
    expect(parse(body("a\r\nb\u0007\tc\ud800 "))).toMatchObject([
      { message: { text: "a\nb\tc\ufffd" } },
    ]);
    expect(parse(body(" \u0000\n"))).toEqual([{ kind: "ignored", reason: "no text" }]);
  });

  it("takes a name at the limit and ignores a longer one", ({ expect }) => {
    const body = (conversation: string) => payload({ conversation, user: "u1", text: "x" });
    expect(parse(body("c".repeat(MAX_NAME_UNITS)))).toMatchObject([{ kind: "message" }]);
    expect(parse(body("c".repeat(MAX_NAME_UNITS + 1)))).toMatchObject([{ kind: "ignored" }]);
  });

  it("never throws, whatever it is handed", ({ expect }) => {
    const nearly = fc.record(
      {
        id: fc.anything(),
        atMs: fc.anything(),
        body: fc.record(
          {
            conversation: fc.anything(),
            user: fc.anything(),
            text: fc.anything(),
            group: fc.anything(),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), nearly), (value) => {
        for (const event of parse(value)) expect(["message", "ignored"]).toContain(event.kind);
      }),
    );
  });

  it("makes well-formed text of any text", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const event of parse(payload({ conversation: "c", user: "u", text })))
          if (event.kind === "message") {
            expect(event.message.text.isWellFormed()).toBe(true);
            expect(event.message.text).toMatch(/^[\P{Cc}\n\t]+$/u);
          }
      }),
    );
  });
});
