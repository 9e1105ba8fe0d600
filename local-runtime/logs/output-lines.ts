/** What becomes of a line that workerd writes: one JSON line for the log, and for what matters one for the terminal. */
import { REDACTION_KINDS } from "../../src/core/redaction.ts";
import type { OwnPattern } from "../../src/redaction/own-patterns.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";

let redactor = createRedactor(REDACTION_KINDS, []);

/** From now on the owner's own patterns are masked as well, in all of this process. */
export function setOwnPatterns(patterns: readonly OwnPattern[]): void {
  redactor = createRedactor(REDACTION_KINDS, patterns);
}

export interface LogLine {
  time: string;
  level: string;
  type: string;
}

/**
 * The Worker's own lines are JSON already; the words of workerd, or of another program that `type` names, are wrapped, so
 * that every line of the log is, and nobody has seen to it that they hold nothing private.
 */
export function logLine(
  line: string,
  stream: "stdout" | "stderr",
  nowMs: number,
  type = "workerd",
): string {
  if (parseLogLine(line)) return line;
  const time = new Date(nowMs).toISOString();
  const level = stream === "stderr" ? "warn" : "info";
  return JSON.stringify({ time, level, type, text: redactor.mask(line) });
}

/** A short line for people where the level is warn or error; undefined for all others. */
export function terminalLine(line: string): string | undefined {
  const parsed = parseLogLine(line);
  if (!parsed || (parsed.level !== "warn" && parsed.level !== "error")) return undefined;
  return readableLine(parsed, parsed.time.slice(11, 19));
}

/** Time, level and type, then the facts that are text or numbers. */
export function readableLine({ time: _, level, type, ...rest }: LogLine, time: string): string {
  const facts = Object.entries(rest)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .map(([name, value]) => `${name}=${String(value)}`);
  return [time, level, type, ...facts].join(" ");
}

/** Undefined for what is no line of the log. */
export function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isLogLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLogLine(value: unknown): value is LogLine {
  return (
    typeof value === "object" &&
    value !== null &&
    ["time", "level", "type"].every((name) => typeof Reflect.get(value, name) === "string")
  );
}
