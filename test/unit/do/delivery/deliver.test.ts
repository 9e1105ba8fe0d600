import fc from "fast-check";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import type { Account, ChannelAdapter } from "../../../../src/adapters/adapter.ts";
import { AppError, ERRORS, type ErrorCode, errorSpec } from "../../../../src/core/errors.ts";
import type { AccountKey, SessionKey, TurnId } from "../../../../src/core/ids.ts";
import type { Target } from "../../../../src/core/message.ts";
import {
  type DeliverDeps,
  decideSendFailure,
  deliverDue,
  MAX_AGE_MS,
  MAX_ATTEMPTS,
} from "../../../../src/do/delivery/deliver.ts";
import { decideNextSend, type OutboxRow } from "../../../../src/do/delivery/outbox.ts";
import type { Route } from "../../../../src/do/delivery/routes-out.ts";

const START_MS = Date.UTC(2026, 10, 21);
const TELEGRAM = "telegram:main" as AccountKey;
const WEBHOOK = "webhook:main" as AccountKey;
const target: Target = { conversation: { id: "c", kind: "direct" } };

function createRow(seq: number, given: Partial<OutboxRow> = {}): OutboxRow {
  return {
    seq,
    key: `t:${seq}`,
    turnId: "t" as TurnId,
    account: TELEGRAM,
    state: "pending",
    attempts: 0,
    nextAtMs: 0,
    atMs: START_MS,
    ref: undefined,
    sealed: new Uint8Array(),
    ...given,
  };
}

/** An outbox in memory, by the real rule of what is sent next. */
class MemoryOutbox {
  readonly rows: OutboxRow[];

  constructor(rows: OutboxRow[]) {
    this.rows = rows;
  }

  next(nowMs: number) {
    const heads = new Map<AccountKey, OutboxRow>();
    for (const row of this.rows)
      if (row.state === "pending" && !heads.has(row.account)) heads.set(row.account, row);
    return decideNextSend([...heads.values()], nowMs);
  }

  open = async (row: OutboxRow) => ({ markdown: `text ${row.seq}`, target });

  markSent(row: OutboxRow, ref: string) {
    Object.assign(row, { state: "sent", ref });
  }

  retryAt(seq: number, nextAtMs: number) {
    const row = this.rows.find((one) => one.seq === seq);
    if (row) Object.assign(row, { nextAtMs, attempts: row.attempts + 1 });
  }

  park(row: OutboxRow) {
    row.state = "parked";
  }

  get states(): string[] {
    return this.rows.map((row) => row.state);
  }
}

type Send = (seq: string, how: "send" | "edit") => Promise<void>;

function createDeps(outbox: MemoryOutbox, send: Send): DeliverDeps {
  const adapter: Partial<ChannelAdapter> = {
    capabilities: { resend: "may_double" } as ChannelAdapter["capabilities"],
    async send(_target, part) {
      await send(part.markdown, "send");
      return { id: `sent ${part.idempotencyKey}` };
    },
    async edit(_target, ref, markdown) {
      await send(`${markdown} in ${ref.id}`, "edit");
    },
  };
  return {
    session: "telegram:main:c" as SessionKey,
    outbox,
    nowMs: () => Date.now(),
    stored: async () => undefined,
    async route(account) {
      // Only what delivering uses of a route.
      return account === WEBHOOK ? undefined : ({ account: {} as Account, adapter } as Route);
    },
  };
}

describe("deliverDue", () => {
  const log = vi.fn<(line: string) => void>();

  beforeEach(() => {
    vi.useFakeTimers({ now: START_MS });
    log.mockReset();
    vi.stubGlobal("console", { log });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("sends everything that is due, in order, and marks it with its platform id", async ({
    expect,
  }) => {
    const outbox = new MemoryOutbox([createRow(1), createRow(2), createRow(3)]);
    const said: string[] = [];
    await deliverDue(createDeps(outbox, async (text) => void said.push(text)));
    expect(said).toEqual(["text 1", "text 2", "text 3"]);
    expect(outbox.rows.map((row) => row.ref)).toEqual(["sent t:1", "sent t:2", "sent t:3"]);
  });

  it("writes the final text into the message that showed the unfinished one", async ({
    expect,
  }) => {
    const outbox = new MemoryOutbox([createRow(1, { ref: "77" })]);
    const said: string[] = [];
    await deliverDue(createDeps(outbox, async (text, how) => void said.push(`${how} ${text}`)));
    expect(said).toEqual(["edit text 1 in 77"]);
    expect(outbox.rows[0]).toMatchObject({ state: "sent", ref: "77" });
  });

  it("waits as long as the platform asks, and keeps what follows behind it", async ({ expect }) => {
    const outbox = new MemoryOutbox([createRow(1), createRow(2)]);
    const said: string[] = [];
    const send = vi.fn(async (text: string) => void said.push(text));
    send.mockRejectedValueOnce(new AppError("channel/rate_limited", { retryAfterMs: 17_000 }));
    const deps = createDeps(outbox, send);
    await deliverDue(deps);
    expect(outbox.rows[0]).toMatchObject({ nextAtMs: START_MS + 17_000, attempts: 1 });
    expect(said).toEqual([]);
    vi.setSystemTime(START_MS + 17_000);
    await deliverDue(deps);
    expect(said).toEqual(["text 1", "text 2"]);
  });

  it("holds up no other account", async ({ expect }) => {
    const slack = "slack:main" as AccountKey;
    const waiting = { nextAtMs: START_MS + 1 };
    const outbox = new MemoryOutbox([
      ...Array.from({ length: 60 }, (_, seq) => createRow(seq, waiting)),
      createRow(100, { account: slack }),
    ]);
    const said: string[] = [];
    await deliverDue(createDeps(outbox, async (text) => void said.push(text)));
    expect(said).toEqual(["text 100"]);
  });

  it("parks what the platform refuses for good, and goes on with the next", async ({ expect }) => {
    const outbox = new MemoryOutbox([createRow(1), createRow(2)]);
    const send = vi.fn<Send>(async () => undefined);
    send.mockRejectedValueOnce(new AppError("channel/rejected"));
    await deliverDue(createDeps(outbox, send));
    expect(outbox.states).toEqual(["parked", "sent"]);
  });

  it("parks what belongs to an account that was removed", async ({ expect }) => {
    const outbox = new MemoryOutbox([createRow(1, { account: WEBHOOK })]);
    await deliverDue(createDeps(outbox, async () => undefined));
    expect(outbox.states).toEqual(["parked"]);
  });

  it("gives a platform thirty seconds, and tries again then", async ({ expect }) => {
    const outbox = new MemoryOutbox([createRow(1), createRow(2)]);
    const done = deliverDue(createDeps(outbox, () => new Promise(() => undefined)));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(outbox.rows[0]?.attempts).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(outbox.rows[0]).toMatchObject({ attempts: 1, nextAtMs: START_MS + 31_000 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets a row go after its last try", async ({ expect }) => {
    const outbox = new MemoryOutbox([createRow(1)]);
    const deps = createDeps(outbox, async () => {
      throw new AppError("channel/unavailable");
    });
    let tries = 0;
    while (outbox.states[0] === "pending") {
      vi.setSystemTime(outbox.rows[0]?.nextAtMs || START_MS);
      await deliverDue(deps);
      tries += 1;
    }
    expect(tries).toBe(MAX_ATTEMPTS);
    expect(Date.now() - START_MS).toBeLessThan(MAX_AGE_MS);
  });

  it("logs how each try ended, without the text", async ({ expect }) => {
    const outbox = new MemoryOutbox([createRow(1)]);
    const send = vi.fn<Send>(async () => undefined);
    send.mockRejectedValueOnce(new AppError("channel/unavailable"));
    const deps = createDeps(outbox, send);
    await deliverDue(deps);
    const lines = log.mock.calls.map(([line]) => JSON.parse(line));
    expect(lines).toMatchObject([
      {
        type: "outbox:retry",
        session: "telegram:main:c",
        channel: "telegram",
        attempt: 1,
        code: "channel/unavailable",
        waitMs: 1_000,
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain("text 1");
  });
});

describe("decideSendFailure", () => {
  const waitOf = (error: unknown, attempts: number) => {
    const failure = decideSendFailure(error, attempts, 0, START_MS);
    return failure.status === "retry" ? failure.nextAtMs - START_MS : undefined;
  };
  const away = new AppError("channel/unavailable");

  it("waits twice as long each time, and five minutes at most", ({ expect }) => {
    expect([1, 2, 3, 8, 9, 10, 29].map((attempts) => waitOf(away, attempts))).toEqual([
      1_000, 2_000, 4_000, 128_000, 256_000, 300_000, 300_000,
    ]);
  });

  it("waits as the platform asks, shorter or longer, and an hour at most", ({ expect }) => {
    const asks = (retryAfterMs: number) => new AppError("channel/rate_limited", { retryAfterMs });
    expect(waitOf(asks(0), 5)).toBe(0);
    expect(waitOf(asks(5_000), 5)).toBe(5_000);
    expect(waitOf(asks(86_400_000), 1)).toBe(3_600_000);
  });

  it("parks after the last try, and what is a day old", ({ expect }) => {
    expect(decideSendFailure(away, MAX_ATTEMPTS - 1, 0, START_MS).status).toBe("retry");
    expect(decideSendFailure(away, MAX_ATTEMPTS, 0, START_MS)).toEqual({ status: "park" });
    expect(decideSendFailure(away, 1, MAX_AGE_MS - 1, START_MS).status).toBe("retry");
    expect(decideSendFailure(away, 1, MAX_AGE_MS, START_MS)).toEqual({ status: "park" });
  });

  it("tries again after exactly the failures that pass, a bug among them", ({ expect }) => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { status } = decideSendFailure(new AppError(code), 1, 0, START_MS);
      expect(status, code).toBe(errorSpec(code).transient ? "retry" : "park");
    }
    expect(waitOf(new TypeError("a bug"), 1)).toBe(1_000);
  });
});

describe("decideNextSend", () => {
  it("sends the first head that is due, else waits for the earliest, else rests", ({ expect }) => {
    const [first, second] = [createRow(1, { nextAtMs: 50 }), createRow(2, { nextAtMs: 40 })];
    expect(decideNextSend([first, second], 50)).toEqual({ status: "send", row: first });
    expect(decideNextSend([first, second], 40)).toEqual({ status: "send", row: second });
    expect(decideNextSend([first, second], 39)).toEqual({ status: "wait", untilMs: 40 });
    expect(decideNextSend([], 0)).toEqual({ status: "idle" });
  });

  it("never sends what is not due, and never waits where something is", ({ expect }) => {
    const heads = fc
      .array(fc.nat(100))
      .map((times) => times.map((nextAtMs, seq) => createRow(seq, { nextAtMs })));
    fc.assert(
      fc.property(heads, fc.nat(100), (rows, nowMs) => {
        const next = decideNextSend(rows, nowMs);
        const isDue = rows.some((row) => row.nextAtMs <= nowMs);
        expect(next.status).toBe(isDue ? "send" : rows.length > 0 ? "wait" : "idle");
        if (next.status === "wait") expect(next.untilMs).toBeGreaterThan(nowMs);
        if (next.status === "send") expect(next.row.nextAtMs).toBeLessThanOrEqual(nowMs);
      }),
    );
  });
});
