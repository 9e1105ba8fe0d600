import { afterEach, beforeEach, describe, it, vi } from "vitest";
import type { RockpoolEvent } from "../../../src/core/events.ts";
import { emit } from "../../../src/observability/emit.ts";
import { type LogLevel, logEvent, setLogLevel } from "../../../src/observability/logger.ts";
import { renderMetrics } from "../../../src/observability/metrics.ts";

const session = "web:main:a";
const request = { type: "request", requestId: "r", method: "GET", route: "/", ms: 1 } as const;
const turn = { type: "turn:finished", turnId: "t", session, channel: "web", ms: 1 } as const;
const state = { type: "connection:state", channel: "telegram", account: "main" } as const;
const sends = { session, channel: "web", attempt: 1 } as const;

const LEVELS: [RockpoolEvent, LogLevel][] = [
  [{ ...request, status: 200 }, "info"],
  [{ ...request, status: 404 }, "info"],
  [{ ...request, status: 500, code: "http/internal" }, "error"],
  [
    { type: "webhook:received", channel: "web", account: "main", outcome: "accepted", count: 1 },
    "debug",
  ],
  [{ type: "turn:started", turnId: "t", session, channel: "web", queuedMs: 2 }, "debug"],
  [{ ...turn, outcome: "answered" }, "info"],
  [{ ...turn, outcome: "failed", code: "model/timeout" }, "warn"],
  [{ type: "outbox:sent", ...sends, ms: 1 }, "debug"],
  [{ type: "outbox:retry", ...sends, code: "channel/unavailable", waitMs: 1 }, "warn"],
  [{ type: "outbox:parked", session, channel: "web", code: "channel/rejected" }, "error"],
  [{ type: "journal:flushed", rows: 1, ms: 1 }, "debug"],
  [{ type: "journal:failed", rows: 1, code: "http/internal" }, "error"],
  [{ ...state, state: "open" }, "info"],
  [{ ...state, state: "retry", code: "channel/unavailable", waitMs: 1 }, "warn"],
  [{ type: "pairing:asked", channel: "telegram", account: "main" }, "info"],
  [{ type: "sign_in", outcome: "refused" }, "info"],
  [{ type: "fault", where: "session:turn", code: "http/internal" }, "error"],
];
const RANKS: LogLevel[] = ["debug", "info", "warn", "error"];

describe("the log", () => {
  const lines: string[] = [];

  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    setLogLevel("info");
  });

  it.for([
    ["webhook:notes:ada%40example.com", "webhook:notes:[email]"],
    ["webhook:notes:%2B491712345678:3", "webhook:notes:[phone]:3"],
    ["webhook:notes:4111111111111111", "webhook:notes:[card]"],
    ["telegram:main:-1001234567890:12", "telegram:main:-1001234567890:12"],
    [
      "web:main:018f4e2a-7b3c-7d4e-8f5a-1234567890ab",
      "web:main:018f4e2a-7b3c-7d4e-8f5a-1234567890ab",
    ],
    ["webhook:notes:%", "webhook:notes:%"],
  ] as const)("shows nothing private of a session's name: %s", ([name, shown], { expect }) => {
    logEvent({ ...turn, session: name, outcome: "answered" });
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ session: shown });
  });

  it("is one JSON line for each event, with its time and level", ({ expect }) => {
    setLogLevel("debug");
    for (const [event, level] of LEVELS) {
      logEvent(event);
      const { time, ...rest } = JSON.parse(lines.at(-1) ?? "");
      expect(rest).toEqual({ level, ...event });
      expect(new Date(time).toISOString()).toBe(time);
      expect(lines.at(-1)).not.toContain("\n");
    }
    expect(lines).toHaveLength(LEVELS.length);
  });

  it("writes one line for text that has several", ({ expect }) => {
    logEvent({ type: "fault", where: "x", code: "http/internal", cause: "a\nb\r\u2028c" });
    expect(lines[0]?.split("\n")).toHaveLength(1);
  });

  it.for(RANKS)("from level %s on writes nothing below it", (threshold, { expect }) => {
    setLogLevel(threshold);
    for (const [event] of LEVELS) logEvent(event);
    const written = LEVELS.filter(([, level]) => RANKS.indexOf(level) >= RANKS.indexOf(threshold));
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(written.map(([, level]) => level));
  });
});

describe("emit", () => {
  it("counts what the log does not show", ({ expect }) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const sample = 'rockpool_outbox_sends_total{channel="emit-test",result="sent"}';
    emit({ type: "outbox:sent", session, channel: "emit-test", attempt: 1, ms: 1 });
    expect(log).toHaveBeenCalledTimes(0);
    expect(renderMetrics([])).toContain(`${sample} 1\n`);
    vi.restoreAllMocks();
  });

  it("measures every kind of event", ({ expect }) => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    for (const [event] of LEVELS) expect(() => emit(event)).not.toThrow();
    emit({
      ...turn,
      outcome: "answered",
      model: "m",
      promptTokens: 11,
      outputTokens: 7,
      firstTokenMs: 40,
    });
    const text = renderMetrics([]);
    expect(text).toContain("rockpool_model_prompt_tokens_total 11\n");
    expect(text).toContain("rockpool_model_output_tokens_total 7\n");
    expect(text).toContain('rockpool_model_first_token_seconds_bucket{le="0.05"} 1\n');
    expect(text).toContain('rockpool_faults_total{where="session:turn",code="http/internal"} 1\n');
    vi.restoreAllMocks();
  });
});
