/**
 * The one writer of the audit log's chain: events become entries in the order they came in, each hashed, linked to the
 * one before and signed; entries and head are one transaction. A batch is what came in while the last one was signed.
 */
import { type AuditEvent, boundValues } from "../../core/audit.ts";
import {
  type AuditAnchor,
  type AuditCheckpoint,
  type AuditContent,
  type AuditEntry,
  committedText,
  digestedText,
  FIRST_DIGEST,
  hashedText,
  signedCheckpointText,
  signedEntryText,
} from "../../core/audit-record.ts";
import { AppError, errorCode } from "../../core/errors.ts";
import { renderTimestamp } from "../../core/time-zone.ts";
import { redactText } from "../../observability/redact.ts";
import {
  AuditSigner,
  createSigningKey,
  digestText,
  randomSalt,
  type StoredSigningKey,
} from "../../security/audit-signer.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";
import { clockEvent, damageEvent } from "./audit-findings.ts";
import { type AuditHead, type AuditRow, AuditRows } from "./audit-rows.ts";

/** Events that may wait to be written; callers beyond are told to come again. */
export const MAX_WAITING_EVENTS = 1_000;
/** Entries of one transaction. */
const MAX_BATCH_EVENTS = 100;

export interface AuditLogDeps {
  storage: DurableObjectStorage;
  keyring: Keyring;
  zone: string;
  nowMs(): number;
  /** Public key of the log that stood here last, noted apart from it: a log that is gone as a whole is missed. */
  notedKey?(): Promise<string | undefined>;
  /** Durable when it returns. */
  noteKey?(publicKey: string): Promise<void>;
}

interface Waiting {
  event: AuditEvent;
  done: () => void;
  failed: (error: unknown) => void;
}

/** What the newest entry says to the next. */
interface End {
  seq: number;
  digest: string;
  atMs: number;
}

type Personal = NonNullable<AuditEntry["personal"]>;

export class AuditLog {
  readonly rows: AuditRows;
  readonly #deps: AuditLogDeps;
  readonly #signer: AuditSigner;
  readonly #waiting: Waiting[] = [];
  #end: End;
  #isWriting = false;

  private constructor(deps: AuditLogDeps, rows: AuditRows, signer: AuditSigner, end: End) {
    this.#deps = deps;
    this.rows = rows;
    this.#signer = signer;
    this.#end = end;
  }

  /** Throws crypto/cannot_open. A log that does not fit its signed head goes on, and says so in its next entry. */
  static async open(deps: AuditLogDeps): Promise<AuditLog> {
    const rows = new AuditRows(deps.storage.sql);
    const kept = rows.key();
    const signer = await AuditSigner.open(
      deps.keyring,
      kept ?? (await beginLog(deps, rows, deps.nowMs())),
    );
    const { end, damage } = await findEnd(rows, signer);
    const log = new AuditLog(deps, rows, signer, end);
    if (damage) await log.append([damageEvent(damage, deps.nowMs())]);
    await log.#compareKey();
    return log;
  }

  /** First the entry, then the note: a kill in between makes the entry twice. */
  async #compareKey(): Promise<void> {
    const { notedKey, noteKey, nowMs } = this.#deps;
    const noted = await notedKey?.();
    if (noted === this.publicKey) return;
    if (noted !== undefined) await this.append([damageEvent("key", nowMs())]);
    await noteKey?.(this.publicKey);
  }

  /** Settles when all are written and signed. An event whose id is known changes nothing. Throws audit/unavailable. */
  async append(events: readonly AuditEvent[]): Promise<void> {
    if (this.#waiting.length + events.length > MAX_WAITING_EVENTS)
      throw new AppError("audit/unavailable", { detail: "Too many events wait to be recorded." });
    const written = events.map((event) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#waiting.push({ event, done: resolve, failed: reject });
      return promise;
    });
    if (!this.#isWriting) void this.#write();
    await Promise.all(written);
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0)
        await this.#writeBatch(this.#waiting.splice(0, MAX_BATCH_EVENTS));
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#commit(batch.map(({ event }) => event));
      for (const { done } of batch) done();
    } catch (cause) {
      for (const { failed } of batch) failed(new AppError("audit/unavailable", { cause }));
    }
  }

  async #commit(events: readonly AuditEvent[]): Promise<void> {
    const known = new Set<string>();
    const made: AuditRow[] = [];
    let end = this.#end;
    for (const event of events) {
      if (known.has(event.id) || this.rows.has(event.id)) continue;
      known.add(event.id);
      const setBack = clockEvent(end.atMs, event);
      for (const each of setBack ? [setBack, event] : [event]) {
        const row = await this.#makeRow(each, end);
        made.push(row);
        end = { seq: row.seq, digest: await digestText(digestedText(row)), atMs: row.at_ms };
      }
    }
    if (made.length === 0) return;
    const head = await signHead(this.#signer, end, made.at(-1)?.timestamp ?? "");
    this.#deps.storage.transactionSync(() => {
      for (const row of made) this.rows.insert(row);
      this.rows.putHead(head);
    });
    this.#end = end;
  }

  async #makeRow(event: AuditEvent, end: End): Promise<AuditRow> {
    const { ip } = event;
    const ipSalt = ip === null ? null : randomSalt();
    const personal: Personal | null = event.personal
      ? { salt: randomSalt(), value: boundValues(event.personal) }
      : null;
    const content: AuditContent = {
      seq: end.seq + 1,
      id: event.id,
      user_id: event.userId,
      subject_id: event.subjectId ?? null,
      action_type: event.action,
      timestamp: renderTimestamp(event.atMs, this.#deps.zone),
      metadata: boundValues(redactValues(event.metadata)),
      ip_commitment:
        ip === null || ipSalt === null ? null : await digestText(committedText(ipSalt, ip)),
      personal_commitment:
        personal && (await digestText(committedText(personal.salt, personal.value))),
      previous: end.digest,
    };
    const hash = await digestText(hashedText(content));
    return {
      ...content,
      at_ms: event.atMs,
      ip_address: ip,
      ip_salt: ipSalt,
      body:
        personal &&
        (await sealJson(
          this.#deps.keyring,
          placeOf(event.id),
          personal,
          event.subjectId ?? event.userId ?? "box",
        )),
      hash,
      signature: await this.#signer.sign(signedEntryText(hash)),
    };
  }

  get publicKey(): string {
    return this.#signer.publicKey;
  }

  get length(): number {
    return this.#end.seq;
  }

  /** Lets the entries up to the anchor go. */
  prune(anchor: AuditAnchor): void {
    this.#deps.storage.transactionSync(() => this.rows.prune(anchor));
  }

  sign(text: string): Promise<string> {
    return this.#signer.sign(text);
  }

  /** How the log ends now. */
  async checkpoint(): Promise<AuditCheckpoint> {
    const timestamp = renderTimestamp(this.#deps.nowMs(), this.#deps.zone);
    const head = await signHead(this.#signer, this.#end, timestamp);
    return { kind: "checkpoint", ...head, public_key: this.publicKey };
  }

  /** The entry with what stands beside the chain; what does not open is left out, for who verifies to find. */
  async openRow({ at_ms: _atMs, ip_salt, body, ...row }: AuditRow): Promise<AuditEntry> {
    const { ip_address: ip } = row;
    return {
      ...row,
      ip_address: ip === null || ip_salt === null ? null : { salt: ip_salt, value: ip },
      personal: (body && (await this.#openPersonal(row.id, body))) ?? null,
    };
  }

  async #openPersonal(id: string, body: Uint8Array): Promise<Personal | undefined> {
    try {
      return await openJson<Personal>(this.#deps.keyring, placeOf(id), body);
    } catch (error) {
      if (errorCode(error).startsWith("crypto/")) return undefined;
      throw error;
    }
  }
}

/** The key and the end of a log without entries, as one: from here on a log without its end was cut off. */
async function beginLog(
  { storage, keyring, zone }: AuditLogDeps,
  rows: AuditRows,
  nowMs: number,
): Promise<StoredSigningKey> {
  const key = await createSigningKey(keyring);
  const signer = await AuditSigner.open(keyring, key);
  const end = { seq: 0, digest: FIRST_DIGEST };
  const head = await signHead(signer, end, renderTimestamp(nowMs, zone));
  storage.transactionSync(() => {
    rows.keepKey(key);
    if (!rows.newest() && !rows.head()) rows.putHead(head);
  });
  return key;
}

async function signHead(
  signer: AuditSigner,
  { seq, digest }: Pick<End, "seq" | "digest">,
  timestamp: string,
): Promise<AuditHead> {
  const unsigned = { length: seq, digest, timestamp, public_key: signer.publicKey };
  const signature = await signer.sign(signedCheckpointText({ kind: "checkpoint", ...unsigned }));
  return { length: seq, digest, timestamp, signature };
}

function redactValues(values: AuditEvent["metadata"]): AuditEvent["metadata"] {
  const entries = Object.entries(values).map(
    ([name, value]) => [name, typeof value === "string" ? redactText(value) : value] as const,
  );
  return Object.fromEntries(entries);
}

function placeOf(id: string): string {
  return `audit_log|${id}`;
}

/** Where the log goes on: after its signed head; without one, after what stands there. */
async function findEnd(
  rows: AuditRows,
  signer: AuditSigner,
): Promise<{ end: End; damage?: string }> {
  const head = rows.head();
  const newest = rows.newest();
  const digest = newest ? await digestText(digestedText(newest)) : FIRST_DIGEST;
  // A time that is none was changed on disk: the hash of its entry tells.
  const found = { seq: newest?.seq ?? 0, digest, atMs: Number(newest?.at_ms) || 0 };
  if (!head || !(await isHeadSigned(head, signer))) return { end: found, damage: "head" };
  if (head.length === found.seq && head.digest === digest) return { end: found };
  const end = { seq: Math.max(head.length, found.seq), digest: head.digest, atMs: found.atMs };
  return { end, damage: "entries" };
}

function isHeadSigned(head: AuditHead, signer: AuditSigner): Promise<boolean> {
  const text = signedCheckpointText({ kind: "checkpoint", ...head, public_key: signer.publicKey });
  return signer.isSigned(text, head.signature);
}
