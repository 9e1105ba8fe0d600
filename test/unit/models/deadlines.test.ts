import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { Deadline, firstTokenTimeoutMs } from "../../../src/models/deadlines.ts";
import { PATIENCE } from "./chat-client.ts";

describe("firstTokenTimeoutMs", () => {
  const user = (content: string, images?: string[]) => [
    { role: "user" as const, content, ...(images ? { images } : {}) },
  ];

  it("is five minutes for a model that loads", ({ expect }) => {
    expect(firstTokenTimeoutMs(user("hi"), false, PATIENCE)).toBe(300_000);
  });

  it("is a minute for a loaded one, more for what it has to read, never over five minutes", ({
    expect,
  }) => {
    expect(firstTokenTimeoutMs([], true, PATIENCE)).toBe(60_000);
    expect(firstTokenTimeoutMs(user("a".repeat(1_000)), true, PATIENCE)).toBe(70_000);
    expect(firstTokenTimeoutMs(user("", ["picture"]), true, PATIENCE)).toBe(90_000);
    expect(firstTokenTimeoutMs(user("a".repeat(1_000_000)), true, PATIENCE)).toBe(300_000);
  });

  it("is what the owner says, and as much again for each 6,000 characters", ({ expect }) => {
    const short = { ...PATIENCE, firstTokenMs: 1_000 };
    expect(firstTokenTimeoutMs(user("a".repeat(6_000)), true, short)).toBe(2_000);
    expect(firstTokenTimeoutMs(user("hi"), false, short)).toBe(300_000);
  });
});

describe("Deadline", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("fires with a time-out that names the step", ({ expect }) => {
    const deadline = new Deadline(60_000);
    deadline.begin("No tea came", 20_000);
    vi.advanceTimersByTime(19_999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toMatchObject({
      code: "model/timeout",
      message: "No tea came within 20 s.",
    });
  });

  it("counts only the step that was begun last, and none after a pause", ({ expect }) => {
    const deadline = new Deadline(60_000);
    deadline.begin("one", 10_000);
    deadline.begin("two", 30_000);
    vi.advanceTimersByTime(20_000);
    deadline.pause();
    vi.advanceTimersByTime(39_999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toMatchObject({
      code: "model/timeout",
      message: "The model call was not over within 60 s.",
    });
  });

  it("follows the caller's signal, also one that has fired already", ({ expect }) => {
    const caller = new AbortController();
    const early = new Deadline(60_000, caller.signal);
    caller.abort("stop");
    expect(early.signal.reason).toBe("stop");
    expect(new Deadline(60_000, caller.signal).signal.reason).toBe("stop");
  });

  it("leaves no timer behind and aborts what still runs when it ends", ({ expect }) => {
    const deadline = new Deadline(60_000, new AbortController().signal);
    deadline.begin("step", 1_000);
    deadline.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(deadline.signal.aborted).toBe(true);
  });
});
