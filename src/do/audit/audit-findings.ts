/** Entries that the audit log makes by itself, of what it finds about its own time and its own rows. Pure. */
import { type AuditEvent, NO_ACTOR } from "../../core/audit.ts";

/** Clocks are corrected by less than this all the time. */
export const CLOCK_TOLERANCE_MS = 2_000;

/** The chain's order is that of arrival; that the clock says otherwise stands in an entry of its own. */
export function clockEvent(lastAtMs: number, { id, atMs }: AuditEvent): AuditEvent | undefined {
  const backMs = lastAtMs - atMs;
  if (backMs < CLOCK_TOLERANCE_MS) return undefined;
  const metadata = { backMs };
  return { id: `${id}-clock`, action: "clock.set_back", ...NO_ACTOR, atMs, metadata };
}

/** `what` does not fit: the signed head itself, or the entries to it. */
export function damageEvent(what: string, atMs: number): AuditEvent {
  return {
    id: crypto.randomUUID(),
    action: "audit.damaged",
    ...NO_ACTOR,
    atMs,
    metadata: { what },
  };
}
