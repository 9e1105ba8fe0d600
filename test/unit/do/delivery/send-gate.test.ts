/** Sends that a crash could double: one at a time for each account. */
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { accountKey } from "../../../../src/core/ids.ts";
import { HOLD_MS, sendInTurn } from "../../../../src/do/delivery/send-gate.ts";

const stored = async () => undefined;

describe("sending in turn", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("begins a send when the one before is stored, and not earlier", async ({ expect }) => {
    const account = accountKey("telegram", "stored");
    const said: string[] = [];
    const first = Promise.withResolvers<void>();
    const keep = Promise.withResolvers<void>();
    const one = sendInTurn(
      account,
      () => first.promise,
      () => keep.promise,
    );
    const two = sendInTurn(account, async () => void said.push("second"), stored);
    first.resolve();
    await vi.advanceTimersByTimeAsync(HOLD_MS / 2);
    expect(said).toEqual([]);
    keep.resolve();
    await Promise.all([one, two]);
    expect(said).toEqual(["second"]);
  });

  it("waits for each one before it, however long the line is", async ({ expect }) => {
    const account = accountKey("telegram", "line");
    const open = { now: 0, most: 0 };
    const send = async () => {
      open.now += 1;
      open.most = Math.max(open.most, open.now);
      await new Promise((resolve) => setTimeout(resolve, HOLD_MS / 2));
      open.now -= 1;
    };
    const sends = Array.from({ length: 20 }, () => sendInTurn(account, send, stored));
    await vi.advanceTimersByTimeAsync(HOLD_MS * 10);
    await Promise.all(sends);
    expect(open.most).toBe(1);
  });

  it("is held up by a platform that does not answer for three seconds at most", async ({
    expect,
  }) => {
    const account = accountKey("telegram", "silent");
    const said: string[] = [];
    void sendInTurn(account, () => new Promise(() => undefined), stored);
    const two = sendInTurn(account, async () => void said.push("second"), stored);
    await vi.advanceTimersByTimeAsync(HOLD_MS - 1);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await two;
    expect(said).toEqual(["second"]);
  });

  it("goes on after a send that failed, and passes its error on", async ({ expect }) => {
    const account = accountKey("telegram", "failed");
    const one = sendInTurn(account, () => Promise.reject(new Error("refused")), stored);
    await expect(one).rejects.toThrow("refused");
    await expect(sendInTurn(account, stored, stored)).resolves.toBeUndefined();
  });
});
