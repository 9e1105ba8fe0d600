/** The contract's part about what goes out: it arrives, or the core learns by a code what to do. */
import { afterEach, beforeEach, describe, it } from "vitest";
import type { Account, ChannelAdapter, Io } from "../../src/adapters/adapter.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { SentRef, Target } from "../../src/core/message.ts";
import type { FakePlatform, OutboundOptions } from "./adapter.ts";
import { catchError, expectNoSecret } from "./secrecy.ts";

const io: Io = { fetch, nowMs: () => Date.now() };
const RETRY_AFTER_SECONDS = 7;

const CODES: Record<number, ErrorCode> = {
  400: "channel/rejected",
  401: "channel/unauthorized",
  403: "channel/rejected",
  429: "channel/rate_limited",
  500: "channel/unavailable",
  502: "channel/unavailable",
};

interface Call {
  name: "send" | "edit" | "draft" | "typing" | "upload";
  run(account: Account, ref: SentRef): Promise<unknown>;
}

/** The calls that the adapter has. */
function callsOf(adapter: ChannelAdapter, target: Target): Call[] {
  const part = { markdown: "A **part**.", idempotencyKey: "turn:0" };
  const file = { name: "notes.txt", mime: "text/plain", bytes: new TextEncoder().encode("notes") };
  const calls: Call[] = [
    { name: "send", run: (account) => adapter.send(target, part, account, io) },
  ];
  const { edit, draft, typing, upload } = adapter;
  if (edit)
    calls.push({
      name: "edit",
      run: (account, ref) => edit.call(adapter, target, ref, "Another text.", account, io),
    });
  if (draft)
    calls.push({
      name: "draft",
      run: (account) => draft.call(adapter, target, 7, "So far", account, io),
    });
  if (typing)
    calls.push({ name: "typing", run: (account) => typing.call(adapter, target, account, io) });
  if (upload)
    calls.push({
      name: "upload",
      run: (account) => upload.call(adapter, target, file, account, io),
    });
  return calls;
}

function callContract(
  platform: () => FakePlatform,
  call: Call,
  ref: () => SentRef,
  codes: Partial<Record<number, ErrorCode>>,
): void {
  for (const [status, code] of Object.entries({ ...CODES, ...codes }))
    it(`says ${code} where ${call.name} is answered ${status}`, async ({ expect }) => {
      platform().refuse(Number(status), status === "429" ? RETRY_AFTER_SECONDS : undefined);
      const error = await catchError(call.run(platform().account, ref()));
      expect(error).toMatchObject({ code });
      if (status === "429")
        expect(error).toMatchObject({ retryAfterMs: RETRY_AFTER_SECONDS * 1000 });
      expectNoSecret(expect, error, platform().account);
    });

  it(`carries ${call.name} out`, async ({ expect }) => {
    expect(await catchError(call.run(platform().account, ref()))).toBeUndefined();
  });

  it(`says channel/unavailable where the connection breaks under ${call.name}`, async ({
    expect,
  }) => {
    platform().reset();
    const error = await catchError(call.run(platform().account, ref()));
    expect(error).toMatchObject({ code: "channel/unavailable" });
    expectNoSecret(expect, error, platform().account);
  });

  it(`says channel/unavailable where ${call.name} finds nobody there`, async ({ expect }) => {
    await platform().close();
    const error = await catchError(call.run(platform().account, ref()));
    expect(error).toMatchObject({ code: "channel/unavailable" });
    expectNoSecret(expect, error, platform().account);
  });
}

export function outboundContract(adapter: ChannelAdapter, options: OutboundOptions): void {
  const { target, codes = {} } = options;
  let platform: FakePlatform;
  let ref: SentRef;

  describe("outbound", () => {
    beforeEach(async () => {
      platform = await options.start();
      const first = { markdown: "A first message.", idempotencyKey: "turn:first" };
      ref = await adapter.send(target, first, platform.account, io);
    });
    afterEach(async () => {
      await platform.close();
    });

    it("shows what is sent and names it", async ({ expect }) => {
      const part = { markdown: "Plain words & <signs>.", idempotencyKey: "turn:1" };
      const sent = await adapter.send(target, part, platform.account, io);
      expect(sent.id).toBeTypeOf("string");
      expect(sent.id).not.toBe("");
      expect(platform.shown().join("\n")).toContain("Plain words & <signs>.");
    });

    it("keeps to the origins that it names", async ({ expect }) => {
      const called = new Set<string>();
      const watched: Io = {
        ...io,
        fetch: (input, init) => {
          called.add(new URL(input instanceof Request ? input.url : input).origin);
          return fetch(input, init);
        },
      };
      const part = { markdown: "Where?", idempotencyKey: "turn:2" };
      await adapter.send(target, part, platform.account, watched);
      expect(adapter.origins(platform.account)).toEqual(expect.arrayContaining([...called]));
    });

    for (const call of callsOf(adapter, target))
      callContract(
        () => platform,
        call,
        () => ref,
        codes,
      );
  });
}
