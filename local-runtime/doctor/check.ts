/** What a check of `rockpool doctor` is: what was looked at, the result, and what to do. */
import { HostError } from "../host-error.ts";

export interface Finding {
  /** What was looked at. */
  what: string;
  result: "ok" | "warn" | "fail";
  detail: string;
  /** What to do; only where something is wrong. */
  fix?: string;
}

export function ok(what: string, detail: string): Finding {
  return { what, result: "ok", detail };
}

export function warn(what: string, detail: string, fix: string): Finding {
  return { what, result: "warn", detail, fix };
}

export function fail(what: string, detail: string, fix: string): Finding {
  return { what, result: "fail", detail, fix };
}

/** A failure that was thrown, as a finding. */
export function failure(what: string, error: unknown): Finding {
  if (error instanceof HostError) return fail(what, error.message, error.fix);
  const detail = error instanceof Error ? error.message : String(error);
  return fail(what, detail, "Report this with the line above.");
}

export function renderFindings(findings: readonly Finding[]): string {
  return findings
    .flatMap(({ what, result, detail, fix }) => [
      `${result.padEnd(4)}  ${what}: ${detail}`,
      ...(fix === undefined ? [] : [`      → ${fix}`]),
    ])
    .join("\n");
}
