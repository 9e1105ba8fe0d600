/** The audit log as text for the terminal. Pure. */
import type { AccessEntry, AuditValues } from "../../src/core/audit.ts";
import type { AuditEntry } from "../../src/core/audit-record.ts";
import { renderTable } from "../channel-text.ts";
import { row } from "../screen/start-screen.ts";
import type { LogReport } from "./log-verifier.ts";

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function renderEntries(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return "There is no such entry.";
  const rows = entries.map((entry) => [
    String(entry.seq),
    entry.timestamp,
    entry.action_type,
    entry.user_id ?? "-",
    entry.ip_address?.value ?? "-",
    renderDetails(entry),
  ]);
  return renderTable([["NO", "TIME", "ACTION", "BY", "FROM", "DETAILS"], ...rows]);
}

function renderDetails({ metadata, personal, subject_id: subject }: AuditEntry): string {
  return [
    renderValues(metadata),
    ...(subject === null ? [] : [`of ${subject}`]),
    ...(personal === null ? [] : [`(${renderValues(personal.value)})`]),
  ].join(" ");
}

/** Names come from strangers: nothing in them may move the terminal's cursor. */
function renderValues(values: AuditValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${String(value).replace(UNPRINTABLE, "·")}`)
    .join(" ");
}

export function renderAccess(entries: readonly AccessEntry[]): string {
  if (entries.length === 0) return "Nobody opened anything yet.";
  const rows = entries.map((entry) => [
    entry.timestamp,
    entry.user_id ?? "-",
    entry.ip_address ?? "-",
    entry.method,
    entry.route,
    String(entry.status),
  ]);
  return renderTable([["TIME", "BY", "FROM", "METHOD", "ADDRESS", "STATUS"], ...rows]);
}

export function renderReport(report: LogReport): string {
  const { ok, entries, firstSeq, lastSeq, findings, findingCount, proved } = report;
  const range = entries === 0 ? "none" : `${entries} (${firstSeq} to ${lastSeq})`;
  const more = findingCount - findings.length;
  return [
    ok ? "The log is whole." : "THE LOG IS NOT WHOLE.",
    ...row("Entries", [range]),
    ...row("Key", [report.publicKey ?? "unknown"]),
    ...row(
      "Pruned",
      report.prunedThroughSeq === null ? [] : [`up to entry ${report.prunedThroughSeq}`],
    ),
    ...row("Erased", report.erasedValues === 0 ? [] : [`${report.erasedValues} values`]),
    ...row("Proved", proved),
    ...row("Findings", [
      ...findings.map(({ line, message, seq }) =>
        seq === undefined ? `line ${line}: ${message}` : `entry ${seq}: ${message}`,
      ),
      ...(more > 0 ? [`and ${more} more`] : []),
    ]),
  ].join("\n");
}
