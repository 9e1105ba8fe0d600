/** The audit log's tables: entries, the signed head, the anchor of what was pruned. Synchronous SQL. */
import type { AuditAction, AuditValues } from "../../core/audit.ts";
import type { AuditAnchor, AuditCheckpoint, AuditContent } from "../../core/audit-record.ts";
import type { StoredSigningKey } from "../../security/audit-signer.ts";

/** An entry as it is kept: what says who somebody is stands beside what is signed. */
export interface AuditRow extends AuditContent {
  at_ms: number;
  ip_address: string | null;
  ip_salt: string | null;
  /** Sealed. */
  body: Uint8Array | null;
  hash: string;
  signature: string;
}

/** The head as it is kept; the key stands elsewhere. */
export type AuditHead = Omit<AuditCheckpoint, "kind" | "public_key">;

interface StoredRow extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  user_id: string | null;
  subject_id: string | null;
  action_type: string;
  timestamp: string;
  at_ms: number;
  ip_address: string | null;
  ip_salt: string | null;
  ip_commitment: string | null;
  metadata: string;
  body: ArrayBuffer | null;
  personal_commitment: string | null;
  previous: string;
  hash: string;
  signature: string;
}

function toRow(stored: StoredRow): AuditRow {
  return {
    ...stored,
    action_type: stored.action_type as AuditAction, // written by insert() only, as is the next
    metadata: readValues(stored.metadata),
    body: stored.body && new Uint8Array(stored.body),
  };
}

/** Values that were changed to what is none do not fit the entry's hash: who verifies finds that. */
function readValues(text: string): AuditValues {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === "object" && values !== null) return values as AuditValues; // insert() wrote it, or its hash tells
  } catch {
    // As for any other change.
  }
  return {};
}

export class AuditRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  key(): StoredSigningKey | undefined {
    const [stored] = this.#sql
      .exec<{ public_key: string; body: ArrayBuffer }>("SELECT * FROM audit_key LIMIT 1")
      .toArray();
    return stored && { publicKey: stored.public_key, sealed: new Uint8Array(stored.body) };
  }

  keepKey({ publicKey, sealed }: StoredSigningKey): void {
    this.#sql.exec(
      "INSERT INTO audit_key (public_key, body) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET body = ?2",
      publicKey,
      sealed,
    );
  }

  head(): AuditHead | undefined {
    return this.#sql
      .exec<AuditHead & Record<string, SqlStorageValue>>(
        "SELECT length, digest, timestamp, signature FROM audit_head",
      )
      .toArray()[0];
  }

  putHead({ length, digest, timestamp, signature }: AuditHead): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO audit_head (one, length, digest, timestamp, signature) VALUES (1, ?, ?, ?, ?)",
      length,
      digest,
      timestamp,
      signature,
    );
  }

  anchor(): AuditAnchor | null {
    return (
      this.#sql
        .exec<AuditAnchor & Record<string, SqlStorageValue>>(
          "SELECT through_seq, digest, timestamp, signature FROM audit_anchor",
        )
        .toArray()[0] ?? null
    );
  }

  /** Lets the entries up to the anchor go. Inside the caller's transaction. */
  prune({ through_seq, digest, timestamp, signature }: AuditAnchor): void {
    this.#sql.exec("DELETE FROM audit_log WHERE seq <= ?", through_seq);
    this.#sql.exec(
      "INSERT OR REPLACE INTO audit_anchor (one, through_seq, digest, timestamp, signature) VALUES (1, ?, ?, ?, ?)",
      through_seq,
      digest,
      timestamp,
      signature,
    );
  }

  /** The newest entry that is older than this, with all before it: a clock that was set back does not hide any. */
  newestBefore(cutoffMs: number): AuditRow | undefined {
    return this.#find(
      "SELECT * FROM audit_log WHERE seq < coalesce((SELECT min(seq) FROM audit_log WHERE at_ms >= ?), 9e15) ORDER BY seq DESC LIMIT 1",
      cutoffMs,
    )[0];
  }

  has(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM audit_log WHERE id = ?", id).toArray().length > 0;
  }

  newest(): AuditRow | undefined {
    return this.#find("SELECT * FROM audit_log ORDER BY seq DESC LIMIT 1")[0];
  }

  count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM audit_log").one().n;
  }

  insert(row: AuditRow): void {
    this.#sql.exec(
      "INSERT INTO audit_log (seq, id, user_id, subject_id, action_type, timestamp, at_ms, ip_address, ip_salt, ip_commitment, metadata, body, personal_commitment, previous, hash, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.seq,
      row.id,
      row.user_id,
      row.subject_id,
      row.action_type,
      row.timestamp,
      row.at_ms,
      row.ip_address,
      row.ip_salt,
      row.ip_commitment,
      JSON.stringify(row.metadata),
      row.body,
      row.personal_commitment,
      row.previous,
      row.hash,
      row.signature,
    );
  }

  /** At most `limit` entries after this one, oldest first. */
  after(seq: number, limit: number): AuditRow[] {
    return this.#find("SELECT * FROM audit_log WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit);
  }

  /** At most `limit` entries before this one, newest first; of one action, or of all with this beginning (`apikey.`). */
  before(seq: number, limit: number, action: string): AuditRow[] {
    return this.#find(
      "SELECT * FROM audit_log WHERE seq < ? AND substr(action_type, 1, length(?2)) = ?2 ORDER BY seq DESC LIMIT ?3",
      seq,
      action,
      limit,
    );
  }

  /** Everything by or about one person, oldest first. */
  of(personId: string, afterSeq: number, limit: number): AuditRow[] {
    return this.#find(
      "SELECT * FROM audit_log WHERE seq > ?1 AND (user_id = ?2 OR subject_id = ?2) ORDER BY seq LIMIT ?3",
      afterSeq,
      personId,
      limit,
    );
  }

  /** Erases what says who this person is; how many entries held such a thing. The chain stays. */
  erase(personId: string): number {
    const ips = this.#sql.exec(
      "UPDATE audit_log SET ip_address = NULL, ip_salt = NULL WHERE user_id = ? AND ip_address IS NOT NULL RETURNING seq",
      personId,
    );
    const seqs = new Set(ips.toArray().map(({ seq }) => seq));
    const bodies = this.#sql.exec(
      "UPDATE audit_log SET body = NULL WHERE coalesce(subject_id, user_id) = ? AND body IS NOT NULL RETURNING seq",
      personId,
    );
    for (const { seq } of bodies) seqs.add(seq);
    return seqs.size;
  }

  #find(query: string, ...values: SqlStorageValue[]): AuditRow[] {
    return this.#sql
      .exec<StoredRow>(query, ...values)
      .toArray()
      .map(toRow);
  }
}
