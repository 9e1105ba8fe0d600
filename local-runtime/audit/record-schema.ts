/** The lines of an audit export, as a schema each: what is not of this form is no line of one. */
import * as v from "valibot";
import {
  type AccessEntry,
  AUDIT_ACTIONS,
  MAX_AUDIT_TEXT_UNITS,
  MAX_AUDIT_VALUES,
} from "../../src/core/audit.ts";
import type {
  AuditAnchor,
  AuditCheckpoint,
  AuditEntry,
  AuditHeader,
} from "../../src/core/audit-record.ts";

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const signature = v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/));
const salt = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const text = v.pipe(v.string(), v.maxLength(MAX_AUDIT_TEXT_UNITS));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const timestamp = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/),
);
const values = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[A-Za-z][\w.-]{0,39}$/)),
    v.union([text, v.pipe(v.number(), v.safeInteger()), v.boolean()]),
  ),
  v.check((record) => Object.keys(record).length <= MAX_AUDIT_VALUES),
);

export const EntrySchema: v.GenericSchema<unknown, AuditEntry> = v.strictObject({
  seq: v.pipe(count, v.minValue(1)),
  id: text,
  user_id: v.nullable(text),
  subject_id: v.nullable(text),
  action_type: v.picklist(AUDIT_ACTIONS),
  timestamp,
  metadata: values,
  ip_commitment: v.nullable(digest),
  personal_commitment: v.nullable(digest),
  previous: digest,
  hash: digest,
  signature,
  ip_address: v.nullable(v.strictObject({ salt, value: text })),
  personal: v.nullable(v.strictObject({ salt, value: values })),
});

const AnchorSchema: v.GenericSchema<unknown, AuditAnchor> = v.strictObject({
  through_seq: v.pipe(count, v.minValue(1)),
  digest,
  timestamp,
  signature,
});

export const HeaderSchema: v.GenericSchema<unknown, AuditHeader> = v.strictObject({
  kind: v.literal("rockpool-audit"),
  version: v.literal(1),
  public_key: digest,
  anchor: v.nullable(AnchorSchema),
});

export const CheckpointSchema: v.GenericSchema<unknown, AuditCheckpoint> = v.strictObject({
  kind: v.literal("checkpoint"),
  length: count,
  digest,
  timestamp,
  public_key: digest,
  signature,
});

/** GET /audit/access answers a list of these. */
export const AccessSchema: v.GenericSchema<unknown, AccessEntry> = v.object({
  seq: count,
  user_id: v.nullable(v.string()),
  ip_address: v.nullable(v.string()),
  method: v.string(),
  route: v.string(),
  status: count,
  timestamp,
});
