/** The contract's part about what comes in: nothing unproven is read, and nothing that is read can break the core. */
import fc from "fast-check";
import { describe, type ExpectStatic, it } from "vitest";
import type { Account, ChannelAdapter, Io } from "../../src/adapters/adapter.ts";
import { decodeSessionKey, encodeSessionKey } from "../../src/core/ids.ts";
import type { Conversation, InboundEvent, InboundMessage } from "../../src/core/message.ts";
import type { InboundOptions } from "./adapter.ts";
import { catchError, expectNoSecret } from "./secrecy.ts";

const encoder = new TextEncoder();
const io: Io = { fetch, nowMs: () => Date.now() };
/** Neither line feed nor tab. */
const CONTROL_CHARACTER = /[^\P{Cc}\n\t]/u;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Each place in a JSON value. */
function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

/** A copy with `replacement` at `path`. */
function replaceAt(
  value: unknown,
  path: readonly (string | number)[],
  replacement: unknown,
): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((inner, at) =>
      at === Number(key) ? replaceAt(inner, rest, replacement) : inner,
    );
  const source = value as Record<string, unknown>; // pathsOf steps into objects only
  return { ...source, [key]: replaceAt(source[key], rest, replacement) };
}

function freeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

function expectConversation(expect: ExpectStatic, conversation: Conversation, account: Account) {
  expect(conversation.id).toBeTypeOf("string");
  expect(conversation.id).not.toBe("");
  const address = {
    channel: account.channel,
    account: account.name,
    conversation: conversation.id,
    ...(conversation.thread === undefined ? {} : { thread: conversation.thread }),
  };
  expect(decodeSessionKey(encodeSessionKey(address))).toEqual(address);
}

function expectMessage(expect: ExpectStatic, message: InboundMessage, account: Account) {
  expect(message.id).toBeTypeOf("string");
  expect(message.id).not.toBe("");
  expect(message.sender.id).toBeTypeOf("string");
  expect(message.sender.id).not.toBe("");
  expect(message.atMs).toSatisfy(Number.isSafeInteger);
  expect(message.text).toSatisfy((text: string) => text.isWellFormed());
  expect(message.text).not.toMatch(CONTROL_CHARACTER);
  expect(message.target.conversation).toEqual(message.conversation);
  for (const media of message.media) expect(media.id ?? media.fileId).toBeTypeOf("string");
  expectConversation(expect, message.conversation, account);
}

/** What holds for every event, whatever it was read from. */
function expectEvent(expect: ExpectStatic, event: InboundEvent, account: Account): void {
  expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  if (event.kind === "ignored") {
    expect(event.reason).not.toBe("");
    return;
  }
  expect(event.key).toBeTypeOf("string");
  expect(event.key).not.toBe("");
  if (event.kind === "stop") expectConversation(expect, event.conversation, account);
  else expectMessage(expect, event.message, account);
}

function verifyContract(adapter: ChannelAdapter, account: Account, options: InboundOptions): void {
  const { sign, forgeries, fixtures, bodyOf = (payload) => payload } = options;
  const payload = fixtures[0]?.payload ?? {};
  const body = JSON.stringify(bodyOf(payload));

  it("hands a genuine call's payload on", async ({ expect }) => {
    const verified = await adapter.verify(await sign(encoder.encode(body)), account, io);
    expect(verified).toEqual({ kind: "payload", payload });
  });

  it("refuses every call to an account that has no secrets", async ({ expect }) => {
    const request = await sign(encoder.encode(body));
    const error = await catchError(adapter.verify(request, { ...account, secrets: {} }, io));
    expect(error).toMatchObject({ code: "webhook/bad_signature" });
  });

  it.for(forgeries)("refuses a call $title", async ({ request, code }, { expect }) => {
    const error = await catchError(adapter.verify(await request(body), account, io));
    expect(error).toMatchObject({ code: code ?? "webhook/bad_signature" });
    expectNoSecret(expect, error, account);
  });

  it.for([
    { title: "broken JSON", bytes: encoder.encode('{"a":') },
    { title: "no bytes", bytes: new Uint8Array() },
    { title: "bytes that are no UTF-8", bytes: new Uint8Array([0x22, 0xff, 0xfe, 0x22]) },
  ])("says that a genuine call holds $title", async ({ bytes }, { expect }) => {
    const error = await catchError(adapter.verify(await sign(bytes), account, io));
    expect(error).toMatchObject({ code: "webhook/bad_payload" });
    expectNoSecret(expect, error, account);
  });

  it("answers any genuine bytes with a payload or a code", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const error = await catchError(adapter.verify(await sign(bytes), account, io));
        if (error !== undefined) expect(error).toMatchObject({ code: "webhook/bad_payload" });
      }),
    );
  });

  it("survives JSON that is nested a hundred thousand levels deep", async ({ expect }) => {
    const deep = encoder.encode(`${"[".repeat(100_000)}1234567890123456789${"]".repeat(100_000)}`);
    const verified = await adapter.verify(await sign(deep), account, io).catch((error) => error);
    if (verified.kind === "payload")
      for (const event of adapter.parse(verified.payload, account))
        expect(event).toMatchObject({ kind: "ignored" });
    else expect(verified).toMatchObject({ code: "webhook/bad_payload" });
  });
}

function parseContract(adapter: ChannelAdapter, account: Account, options: InboundOptions): void {
  const { fixtures } = options;

  it.for([...fixtures])("reads $title", ({ payload, events }, { expect }) => {
    expect(adapter.parse(payload, account)).toEqual(events);
  });

  it("reads a payload the same twice and leaves it as it was", ({ expect }) => {
    for (const { payload } of fixtures) {
      const frozen = freeze(structuredClone(payload));
      expect(adapter.parse(frozen, account)).toEqual(adapter.parse(frozen, account));
    }
  });

  it("gives every event a key, and ids that are strings", ({ expect }) => {
    for (const { payload } of fixtures)
      for (const event of adapter.parse(payload, account)) expectEvent(expect, event, account);
  });

  it("never throws, whatever the JSON", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (payload) => {
        for (const event of adapter.parse(payload, account)) expectEvent(expect, event, account);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws where one part of a payload is of another form", ({ expect }) => {
    const strange = fc.oneof(
      fc.jsonValue({ stringUnit: "binary" }),
      fc.constantFrom<Json>("", "\ud800", "a\u0000b\u202e", "x".repeat(100_000), -1, 0.5, 1e308),
      fc.constantFrom<Json>(2 ** 53, "9007199254740993", [], {}, [null], null),
      fc.constant<Json>(JSON.parse('{"__proto__": {"id": 1}, "constructor": 1}')),
    );
    const place = fc
      .constantFrom(...fixtures)
      .chain(({ payload }) =>
        fc.tuple(fc.constant(payload), fc.constantFrom(...pathsOf(payload)), strange),
      );
    fc.assert(
      fc.property(place, ([payload, path, replacement]) => {
        const changed = replaceAt(payload, path, replacement);
        for (const event of adapter.parse(changed, account)) expectEvent(expect, event, account);
      }),
      { numRuns: 2_000 },
    );
    expect(Object.prototype).not.toHaveProperty("id");
  });
}

export function inboundContract(
  adapter: ChannelAdapter,
  account: Account,
  options: InboundOptions,
): void {
  describe("verify", () => verifyContract(adapter, account, options));
  describe("parse", () => parseContract(adapter, account, options));
}
