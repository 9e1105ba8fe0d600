/**
 * What the audit log records: administrative and security events, never messages. An event is told once, under an id
 * of its own, and its words are plain values: no text of a conversation and no secret. Pure.
 */
import { v7 } from "uuid";
import type { PersonId } from "./ids.ts";

/** Every action, `area.verb`: a new one is a line here. */
export const AUDIT_ACTIONS = [
  "account.added",
  "account.removed",
  "apikey.created",
  "apikey.revoked",
  "audit.damaged",
  "audit.pruned",
  "backup.made",
  "backup.restored",
  "box.started",
  "clock.set_back",
  "config.changed",
  "egress.changed",
  "egress.refused",
  "exportlink.made",
  "flow.added",
  "flow.changed",
  "flow.removed",
  "handover.began",
  "handover.ended",
  "handover.taken",
  "integrity.failed",
  "key.destroyed",
  "key.moved",
  "key.rotated",
  "link.made",
  "link.used",
  "model.chosen",
  "ownerlink.made",
  "ownerlink.used",
  "pairing.approved",
  "pairing.denied",
  "permission.denied",
  "person.erased",
  "person.erasing",
  "person.changed",
  "person.exported",
  "person.removed",
  "quota.reached",
  "rate.limited",
  "retention.applied",
  "role.changed",
  "signin.accepted",
  "signin.ended",
  "signin.enrolled",
  "signin.refused",
  "signin.reused",
  "signin.throttled",
  "webhook.forged",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export type AuditValue = string | number | boolean;

/** Values of one event: at most 16, texts cut at 200 characters. */
export type AuditValues = Readonly<Record<string, AuditValue>>;

/** Who does it, and from where: null for the box itself, and where the address is not known (the admin socket). */
export interface AuditActor {
  userId: PersonId | null;
  ip: string | null;
}

/** Nobody in particular: the box itself, or somebody who is not known. */
export const NO_ACTOR: AuditActor = { userId: null, ip: null };

export interface AuditEvent extends AuditActor {
  /** Recording one id twice changes nothing. */
  id: string;
  action: AuditAction;
  /** Whom it concerns, where that is somebody else than who does it. */
  subjectId?: PersonId;
  atMs: number;
  /** Stays for as long as the entry does: names of things and counts, never what says who somebody is. */
  metadata: AuditValues;
  /** What says who somebody is (a name, a platform's id): kept sealed beside the chain, and erased with the person. */
  personal?: AuditValues;
}

/** An event of now, under a new id. */
export function auditEvent(
  action: AuditAction,
  actor: AuditActor,
  metadata: AuditValues = {},
  more: Pick<AuditEvent, "subjectId" | "personal"> = {},
): AuditEvent {
  return { id: v7(), action, ...actor, atMs: Date.now(), metadata, ...more };
}

export const MAX_AUDIT_VALUES = 16;
export const MAX_AUDIT_NAME_UNITS = 40;
export const MAX_AUDIT_TEXT_UNITS = 200;

/** The same values within their bounds: what is too much is cut, because an event is worth more than its details. */
export function boundValues(values: AuditValues): Record<string, AuditValue> {
  const entries = Object.entries(values).slice(0, MAX_AUDIT_VALUES);
  return Object.fromEntries(
    entries.map(([name, value]) => [cut(name, MAX_AUDIT_NAME_UNITS), boundValue(value)]),
  );
}

function boundValue(value: AuditValue): AuditValue {
  if (typeof value === "string") return cut(value, MAX_AUDIT_TEXT_UNITS);
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : String(value);
  return value;
}

function cut(text: string, maxUnits: number): string {
  return text.slice(0, maxUnits).toWellFormed();
}

/** A call of the administration: which address, without its parameters, and how it ended. */
export interface AccessNote extends AuditActor {
  method: string;
  route: string;
  status: number;
  atMs: number;
}

/** A row of the access log. */
export interface AccessEntry {
  seq: number;
  user_id: string | null;
  ip_address: string | null;
  method: string;
  route: string;
  status: number;
  timestamp: string;
}

/** Entries of one page, at most. */
export const MAX_AUDIT_PAGE = 500;
