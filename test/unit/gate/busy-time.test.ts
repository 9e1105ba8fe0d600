import { describe, it } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import { FIRST_PROMPT_MS, MAX_TOKEN_MS } from "../../../src/gate/busy-time.ts";
import { CallProgress } from "../../../src/gate/call-progress.ts";
import { MAX_BUSY_MS } from "../../../src/gate/leases.ts";

const usage = { model: "m", promptTokens: 1, outputTokens: 1, firstTokenMs: 1, totalMs: 1 };
const word = { kind: "text", text: "word" } as const;

/** A call whose clock the test turns. */
function beginCall() {
  const clock = { nowMs: 1_000 };
  const call = new CallProgress(() => clock.nowMs);
  call.begin();
  return { clock, call };
}

describe("a call that was cut off", () => {
  it("keeps the server busy until prompts usually end, within a bound", ({ expect }) => {
    const { clock, call } = beginCall();
    clock.nowMs += 400;
    expect(call.busyMs(undefined)).toBe(FIRST_PROMPT_MS - 400);
    expect(call.busyMs(5_000)).toBe(4_600);
    expect(call.busyMs(300)).toBe(0);
    expect(call.busyMs(600_000)).toBe(MAX_BUSY_MS);
  });

  it("keeps it busy for one token while it writes, within a bound", ({ expect }) => {
    const { clock, call } = beginCall();
    clock.nowMs += 900;
    for (let index = 0; index < 4; index += 1) call.note(word);
    clock.nowMs += 400;
    expect(call.firstTokenMs).toBe(900);
    expect(call.busyMs(5_000)).toBe(100);
    clock.nowMs += 60_000;
    expect(call.busyMs(5_000)).toBe(MAX_TOKEN_MS);
  });

  it("is cut off from here where it took too long", ({ expect }) => {
    const { call } = beginCall();
    call.fail(new AppError("model/timeout"));
    expect(call.busyMs(5_000)).toBe(5_000);
  });
});

describe("a call that is over", () => {
  it("keeps nothing busy: done, failed, or never begun", ({ expect }) => {
    const done = beginCall().call;
    done.note({ kind: "done", reason: "stop", usage });
    const failed = beginCall().call;
    failed.fail(new AppError("model/broken_stream"));
    const unbegun = new CallProgress(() => 0);
    expect([done, failed, unbegun].map((call) => call.busyMs(5_000))).toEqual([0, 0, 0]);
  });
});
