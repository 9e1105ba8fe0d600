import fc from "fast-check";
import { describe, it } from "vitest";
import type { Io } from "../../../../src/adapters/adapter.ts";
import { parseExactJson } from "../../../../src/adapters/telegram/exact-json.ts";
import { telegram } from "../../../../src/adapters/telegram/index.ts";
import { MAX_INBOUND_TEXT_UNITS } from "../../../../src/adapters/telegram/parse.ts";
import type { InboundEvent } from "../../../../src/core/message.ts";
import {
  createTelegramAccount,
  createWebhookCall,
  FAKE_SECRET,
} from "../../../support/telegram-account.ts";

const io: Io = { fetch, nowMs: () => Date.now() };
const account = createTelegramAccount();

/** The way of a webhook call through verify and parse. */
async function receive(body: string): Promise<InboundEvent[]> {
  const request = createWebhookCall(new TextEncoder().encode(body), FAKE_SECRET);
  const verified = await telegram.verify(request, account, io);
  return verified.kind === "payload" ? telegram.parse(verified.payload, account) : [];
}

function privateMessage(text: string, updateId = "1", personId = "7"): string {
  const person = `{"id":${personId},"is_bot":false,"first_name":"A"}`;
  const chat = `{"id":${personId},"type":"private"}`;
  return `{"update_id":${updateId},"message":{"message_id":2,"date":1,"from":${person},"chat":${chat},"text":${text}}}`;
}

async function receiveText(text: string): Promise<string> {
  const [event] = await receive(privateMessage(text));
  return event?.kind === "message" ? event.message.text : "";
}

describe("an update from Telegram", () => {
  it("keeps ids beyond 2^53 apart", async ({ expect }) => {
    const [first] = await receive(privateMessage('"a"', "9007199254740993", "9007199254740995"));
    const [second] = await receive(privateMessage('"a"', "9007199254740992", "9007199254740996"));
    expect(first).toMatchObject({
      kind: "message",
      key: "9007199254740993",
      message: { conversation: { id: "9007199254740995" }, sender: { id: "9007199254740995" } },
    });
    expect(second).toMatchObject({
      key: "9007199254740992",
      message: { conversation: { id: "9007199254740996" } },
    });
  });

  it.for([
    ["a fraction", "1.5"],
    ["an exponent", "9e30"],
    ["text", '"12"'],
    ["text with a leading zero", '"00000000000000000012"'],
    ["more digits than any platform has", "9".repeat(60)],
    ["nothing", "null"],
  ])("is ignored where its id is %s", async ([, id], { expect }) => {
    expect(await receive(privateMessage('"a"', id))).toEqual([
      { kind: "ignored", reason: "the update is of an unknown form" },
    ]);
  });

  it("loses the end of a text that is longer than the limit, and nothing at it", async ({
    expect,
  }) => {
    const limit = MAX_INBOUND_TEXT_UNITS;
    expect(limit).toBe(32_768);
    expect(await receiveText(`"${"a".repeat(limit)}"`)).toHaveLength(limit);
    expect(await receiveText(`"${"a".repeat(100_000)}"`)).toHaveLength(limit);
    expect(await receiveText(`"${"a".repeat(limit - 1)}🙂"`)).toBe("a".repeat(limit - 1));
  });

  it("shows half a surrogate pair as the character for what is unknown", async ({ expect }) => {
    expect(await receiveText(String.raw`"a\ud83db"`)).toBe("a\ufffdb");
    expect(await receiveText(String.raw`"\ude42\ud83d\ude42"`)).toBe("\ufffd🙂");
  });

  it("reaches no prototype by its keys", async ({ expect }) => {
    const [event] = await receive(
      privateMessage('"a","__proto__":{"text":"b"},"constructor":{"prototype":{"c":1}}'),
    );
    expect(event).toMatchObject({ kind: "message", message: { text: "a" } });
    expect(Object.prototype).not.toHaveProperty("text");
    expect({}).not.toHaveProperty("c");
  });

  it("is refused without words where the account has no secret", async ({ expect }) => {
    const request = createWebhookCall(new Uint8Array(), "");
    const open = { ...account, secrets: { token: "t" } };
    await expect(telegram.verify(request, open, io)).rejects.toMatchObject({
      code: "webhook/bad_signature",
      message: "The account has no webhook secret.",
    });
    const empty = { ...account, secrets: { token: "t", secret: "" } };
    await expect(telegram.verify(request, empty, io)).rejects.toMatchObject({
      code: "webhook/bad_signature",
    });
  });

  it("is refused by its secret alone, its body unread", async ({ expect }) => {
    const readBytes = () => Promise.reject(new Error("the body was read"));
    const request = { ...createWebhookCall(new Uint8Array(), "wrong"), readBytes };
    await expect(telegram.verify(request, account, io)).rejects.toMatchObject({
      code: "webhook/bad_signature",
      message: "The secret or signature does not match.",
    });
  });

  it("mentions nobody in a group where the bot does not know its own name yet", ({ expect }) => {
    const { self: _self, ...young } = account;
    const payload = {
      update_id: 1,
      message: {
        message_id: 2,
        date: 1,
        from: { id: 7, first_name: "A" },
        chat: { id: -5, type: "group" },
        text: "@rockpool_bot hi",
        entities: [{ type: "mention", offset: 0, length: 13 }],
      },
    };
    expect(telegram.parse(payload, young)).toMatchObject([
      { message: { mentionsMe: false, text: "@rockpool_bot hi" } },
    ]);
  });

  it("keeps its words wherever entities say that they are", ({ expect }) => {
    const entity = fc.record({
      type: fc.constantFrom("mention", "bot_command", "text_mention", "bold"),
      offset: fc.nat(40),
      length: fc.nat(40),
      user: fc.constant({ id: 7_000_000_001 }),
    });
    const words = fc.constantFrom("@rockpool_bot", "/help@rockpool_bot", "one", "two", "🙂", " ");
    fc.assert(
      fc.property(fc.array(words), fc.array(entity), (parts, entities) => {
        const message = {
          message_id: 2,
          date: 1,
          from: { id: 7, first_name: "A" },
          chat: { id: -5, type: "group" },
          text: parts.join(" "),
          entities,
        };
        const [event] = telegram.parse({ update_id: 1, message }, account);
        if (event?.kind !== "message") return;
        const source = parts.join(" ");
        expect(event.message.text.length).toBeLessThanOrEqual(source.length);
        if (!entities.some(({ type }) => type !== "bold")) expect(event.message.text).toBe(source);
      }),
    );
  });
});

describe("parseExactJson", () => {
  it("differs from JSON.parse in nothing but long integers", ({ expect }) => {
    const rounded = (value: unknown) =>
      JSON.parse(JSON.stringify(value), (_key, inner) =>
        typeof inner === "string" && /^-?\d{16,}$/.test(inner) ? Number(inner) : inner,
      );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(rounded(parseExactJson(text))).toEqual(rounded(JSON.parse(text)));
      }),
    );
  });

  it("keeps the digits of every integer", ({ expect }) => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (integer) => {
        expect(String(parseExactJson(String(integer)))).toBe(String(integer));
      }),
    );
  });
});
