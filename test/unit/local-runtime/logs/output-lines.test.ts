import fc from "fast-check";
import { describe, it } from "vitest";
import {
  logLine,
  setOwnPatterns,
  terminalLine,
} from "../../../../local-runtime/logs/output-lines.ts";
import { parseOwnPatterns } from "../../../../src/redaction/own-patterns.ts";

const TIME = "2026-11-21T10:20:30.456Z";
const NOW_MS = Date.parse(TIME);

function line(level: string, facts: object = {}): string {
  return JSON.stringify({ time: TIME, level, type: "outbox:retry", ...facts });
}

describe("a line that workerd writes", () => {
  it("goes into the log as it is where it is the Worker's own", ({ expect }) => {
    expect(logLine(line("info"), "stdout", NOW_MS)).toBe(line("info"));
  });

  it("is wrapped where it is workerd's", ({ expect }) => {
    expect(logLine("workerd/io.c++:1: failed", "stderr", NOW_MS)).toBe(
      `{"time":"${TIME}","level":"warn","type":"workerd","text":"workerd/io.c++:1: failed"}`,
    );
    expect(logLine("hello", "stdout", NOW_MS)).toContain('"level":"info"');
  });

  it("is shown without what is private in workerd's words", ({ expect }) => {
    expect(
      logLine("uncaught: no card 4111111111111111 of ada@example.com", "stderr", NOW_MS),
    ).toContain('"text":"uncaught: no card [card] of [email]"');
    const token = `123456789:${"Ab1".repeat(12)}`;
    expect(logLine(`no answer of api.example/bot${token}/getMe`, "stderr", NOW_MS)).toContain(
      '"text":"no answer of api.example/bot[token]/getMe"',
    );
  });

  it("is shown without what the owner's own patterns find in workerd's words", ({ expect }) => {
    setOwnPatterns(parseOwnPatterns("employee = EMP-\\d{4,6}"));
    expect(logLine("uncaught: EMP-12345", "stderr", NOW_MS)).toContain('"uncaught: [employee]"');
    setOwnPatterns([]);
  });

  it("is one line of JSON with time, level and type, whatever it was", ({ expect }) => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: "binary" })), (text) => {
        const written = logLine(text, "stdout", NOW_MS);
        expect(JSON.parse(written)).toMatchObject({
          time: expect.any(String),
          level: expect.any(String),
          type: expect.any(String),
        });
        expect(JSON.stringify(JSON.parse(written))).not.toContain("\n");
      }),
    );
  });

  it("is shown on the terminal where it is a warning or an error", ({ expect }) => {
    const facts = { channel: "telegram", attempt: 2, nested: { a: 1 } };
    expect(terminalLine(line("warn", facts))).toBe(
      "10:20:30 warn outbox:retry channel=telegram attempt=2",
    );
    expect(terminalLine(line("error"))).toBe("10:20:30 error outbox:retry");
  });

  it("is not shown otherwise", ({ expect }) => {
    expect(terminalLine(line("info"))).toBeUndefined();
    expect(terminalLine("error")).toBeUndefined();
  });
});
