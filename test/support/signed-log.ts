/** An audit log as the box signs it, made in Node: for what verifies one. */
import { generateKeyPairSync, hash, randomBytes, sign } from "node:crypto";
import type { AuditAction, AuditValues } from "../../src/core/audit.ts";
import {
  type AuditAnchor,
  type AuditCheckpoint,
  type AuditContent,
  type AuditEntry,
  committedText,
  digestedText,
  FIRST_DIGEST,
  hashedText,
  renderCheckpoint,
  renderEntry,
  renderHeader,
  signedAnchorText,
  signedCheckpointText,
  signedEntryText,
} from "../../src/core/audit-record.ts";
import { type ErasureReceipt, signedReceiptText } from "../../src/core/erasure.ts";

export interface LoggedEvent {
  action?: AuditAction;
  userId?: string | null;
  subjectId?: string | null;
  ip?: string;
  metadata?: AuditValues;
  personal?: AuditValues;
}

const TIMESTAMP = "2026-11-21T10:00:00.000+01:00";
const sha256 = (text: string) => hash("sha256", text, "hex");

export class SignedLog {
  readonly publicKey: string;
  readonly entries: AuditEntry[] = [];
  anchor: AuditAnchor | null = null;
  readonly #privateKey;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.publicKey = publicKey
      .export({ format: "der", type: "spki" })
      .subarray(-32)
      .toString("hex");
    this.#privateKey = privateKey;
  }

  #sign(text: string): string {
    return sign(null, Buffer.from(text), this.#privateKey).toString("hex");
  }

  get #digest(): string {
    const last = this.entries.at(-1);
    return last ? sha256(digestedText(last)) : (this.anchor?.digest ?? FIRST_DIGEST);
  }

  get length(): number {
    return this.entries.at(-1)?.seq ?? this.anchor?.through_seq ?? 0;
  }

  add(event: LoggedEvent = {}): this {
    const salt = () => randomBytes(16).toString("hex");
    const ip = event.ip === undefined ? null : { salt: salt(), value: event.ip };
    const personal = event.personal === undefined ? null : { salt: salt(), value: event.personal };
    const content: AuditContent = {
      seq: this.length + 1,
      id: `id-${this.length + 1}`,
      user_id: event.userId ?? null,
      subject_id: event.subjectId ?? null,
      action_type: event.action ?? "apikey.created",
      timestamp: TIMESTAMP,
      metadata: event.metadata ?? {},
      ip_commitment: ip && sha256(committedText(ip.salt, ip.value)),
      personal_commitment: personal && sha256(committedText(personal.salt, personal.value)),
      previous: this.#digest,
    };
    const hashed = sha256(hashedText(content));
    const signature = this.#sign(signedEntryText(hashed));
    this.entries.push({ ...content, hash: hashed, signature, ip_address: ip, personal });
    return this;
  }

  /** As the box prunes: the entry that says so, and the anchor. */
  prune(throughSeq: number): this {
    this.add({ action: "audit.pruned", metadata: { throughSeq } });
    return this.pruneUnsaid(throughSeq);
  }

  pruneUnsaid(throughSeq: number): this {
    const index = this.entries.findIndex(({ seq }) => seq === throughSeq);
    const [last] = this.entries.splice(0, index + 1).slice(-1);
    const digest = last ? sha256(digestedText(last)) : FIRST_DIGEST;
    const anchor = { through_seq: throughSeq, digest, timestamp: TIMESTAMP };
    this.anchor = { ...anchor, signature: this.#sign(signedAnchorText(anchor)) };
    return this;
  }

  checkpoint(): AuditCheckpoint {
    const unsigned = {
      kind: "checkpoint" as const,
      length: this.length,
      digest: this.#digest,
      timestamp: TIMESTAMP,
      public_key: this.publicKey,
    };
    return { ...unsigned, signature: this.#sign(signedCheckpointText(unsigned)) };
  }

  /** The receipt of an erasure, signed with the same key. */
  receipt(content: Omit<ErasureReceipt, "signature" | "public_key">): ErasureReceipt {
    const unsigned = { ...content, public_key: this.publicKey };
    return { ...unsigned, signature: this.#sign(signedReceiptText(unsigned)) };
  }

  lines(): string[] {
    const header = {
      kind: "rockpool-audit" as const,
      version: 1 as const,
      public_key: this.publicKey,
      anchor: this.anchor,
    };
    return [
      renderHeader(header),
      ...this.entries.map(renderEntry),
      renderCheckpoint(this.checkpoint()),
    ];
  }

  export(): Buffer {
    return Buffer.from(`${this.lines().join("\n")}\n`);
  }
}
