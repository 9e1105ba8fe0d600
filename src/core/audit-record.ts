/**
 * The audit log as it is signed, stored and exported. An entry names the one before it by a digest that covers that
 * entry's signature, so that one signature of the newest vouches for all. Texts here are canonical: one value has one
 * text, and what reads an export takes no other. The Worker writes them, the host verifies them. Pure.
 */
import type { AuditAction, AuditValues } from "./audit.ts";

/** The digest before the first entry. */
export const FIRST_DIGEST = "0".repeat(64);

/** What is hashed of an entry. Digests and signatures are hexadecimal. */
export interface AuditContent {
  seq: number;
  id: string;
  user_id: string | null;
  subject_id: string | null;
  action_type: AuditAction;
  /** RFC 3339 with the box's offset. */
  timestamp: string;
  metadata: AuditValues;
  /** SHA-256 over salt and value, so that erasing the value leaves the chain whole. */
  ip_commitment: string | null;
  personal_commitment: string | null;
  /** Digest of the entry before. */
  previous: string;
}

/** A value beside the chain, and the salt that its commitment was made with. Gone together. */
export interface Disclosed<Value> {
  salt: string;
  value: Value;
}

export interface AuditEntry extends AuditContent {
  hash: string;
  signature: string;
  ip_address: Disclosed<string> | null;
  personal: Disclosed<AuditValues> | null;
}

/** First line of an export. */
export interface AuditHeader {
  kind: "rockpool-audit";
  version: 1;
  public_key: string;
  /** Where the log was pruned: what its first entry follows on. */
  anchor: AuditAnchor | null;
}

/** Entries up to this one are over their time and gone. */
export interface AuditAnchor {
  through_seq: number;
  digest: string;
  timestamp: string;
  signature: string;
}

/** How long the log is and how it ends: last line of an export, and what the owner is sent. */
export interface AuditCheckpoint {
  kind: "checkpoint";
  length: number;
  digest: string;
  timestamp: string;
  public_key: string;
  signature: string;
}

const ENTRY_DOMAIN = "rockpool audit entry 1\n";
const CHECKPOINT_DOMAIN = "rockpool audit checkpoint 1\n";
const ANCHOR_DOMAIN = "rockpool audit anchor 1\n";

/** JSON without spaces, the names of `values` in order. */
export function renderValues(values: AuditValues): string {
  const names = Object.keys(values).sort();
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, values[name]])));
}

/** What an entry's hash is of. */
export function hashedText(entry: AuditContent): string {
  const { seq, id, user_id, subject_id, action_type, timestamp } = entry;
  const { ip_commitment, personal_commitment, previous } = entry;
  const head = JSON.stringify({ seq, id, user_id, subject_id, action_type, timestamp }).slice(
    0,
    -1,
  );
  const tail = JSON.stringify({ ip_commitment, personal_commitment, previous }).slice(1);
  return `${head},"metadata":${renderValues(entry.metadata)},${tail}`;
}

/** What an entry's signature is of. */
export function signedEntryText(hash: string): string {
  return `${ENTRY_DOMAIN}${hash}`;
}

/** What the next entry's `previous` is the SHA-256 of. */
export function digestedText({ hash, signature }: Pick<AuditEntry, "hash" | "signature">): string {
  return `${hash}${signature}`;
}

/** What a commitment is the SHA-256 of. */
export function committedText(salt: string, value: string | AuditValues): string {
  return `${salt}${typeof value === "string" ? JSON.stringify(value) : renderValues(value)}`;
}

export function signedCheckpointText(checkpoint: Omit<AuditCheckpoint, "signature">): string {
  const { length, digest, timestamp, public_key } = checkpoint;
  return `${CHECKPOINT_DOMAIN}${JSON.stringify({ length, digest, timestamp, public_key })}`;
}

export function signedAnchorText(anchor: Omit<AuditAnchor, "signature">): string {
  const { through_seq, digest, timestamp } = anchor;
  return `${ANCHOR_DOMAIN}${JSON.stringify({ through_seq, digest, timestamp })}`;
}

/** The entry's line in an export, without its end. */
export function renderEntry(entry: AuditEntry): string {
  const { hash, signature, ip_address, personal } = entry;
  const signed = JSON.stringify({ hash, signature, ip_address: renderable(ip_address) });
  const shown =
    personal === null
      ? "null"
      : `{"salt":${JSON.stringify(personal.salt)},"value":${renderValues(personal.value)}}`;
  return `${hashedText(entry).slice(0, -1)},${signed.slice(1, -1)},"personal":${shown}}`;
}

function renderable(disclosed: Disclosed<string> | null): Disclosed<string> | null {
  return disclosed && { salt: disclosed.salt, value: disclosed.value };
}

export function renderHeader({ public_key, anchor }: AuditHeader): string {
  const bare = anchor && {
    through_seq: anchor.through_seq,
    digest: anchor.digest,
    timestamp: anchor.timestamp,
    signature: anchor.signature,
  };
  return JSON.stringify({ kind: "rockpool-audit", version: 1, public_key, anchor: bare });
}

export function renderCheckpoint(checkpoint: AuditCheckpoint): string {
  const { length, digest, timestamp, public_key, signature } = checkpoint;
  return JSON.stringify({ kind: "checkpoint", length, digest, timestamp, public_key, signature });
}
