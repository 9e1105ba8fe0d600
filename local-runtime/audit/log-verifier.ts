/**
 * Verifies an export of the audit log line by line, with the public key alone: that no entry was changed, left out, put
 * elsewhere or cut off, and that what was erased or pruned was so by the log's own word. Holds one entry at a time.
 */
import {
  type AuditCheckpoint,
  type AuditEntry,
  type AuditHeader,
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
import { digestText, isSigned } from "./ed25519.ts";
import { ErasureCheck } from "./erasure-check.ts";
import { parseLine } from "./parse-line.ts";
import { CheckpointSchema, EntrySchema, HeaderSchema } from "./record-schema.ts";

/** Findings that are told one by one; more are counted. */
export const MAX_FINDINGS = 50;

export interface Finding {
  /** Of the file, from 1. */
  line: number;
  /** Of the entry, where the line is one. */
  seq?: number;
  code:
    | "malformed"
    | "changed"
    | "missing"
    | "order"
    | "link"
    | "commitment"
    | "signature"
    | "key"
    | "anchor"
    | "cut_off"
    | "after_end"
    | "erased"
    | "checkpoint";
  message: string;
}

export interface LogReport {
  ok: boolean;
  entries: number;
  firstSeq: number | null;
  lastSeq: number | null;
  /** Entries up to this one were pruned, by the log's own word. */
  prunedThroughSeq: number | null;
  /** Values that are gone, by the log's own word. */
  erasedValues: number;
  publicKey: string | null;
  findings: Finding[];
  findingCount: number;
  /** What the verification shows, and what it does not. */
  proved: string[];
}

export interface Trusted {
  /** 64 hexadecimal digits; without it the key that came with the export is taken. */
  publicKey?: string;
  checkpoint?: AuditCheckpoint;
}

export class LogVerifier {
  readonly #trusted: Trusted;
  readonly #findings: Finding[] = [];
  #findingCount = 0;
  #line = 0;
  #header: AuditHeader | undefined;
  #end: AuditCheckpoint | undefined;
  #last: AuditEntry | undefined;
  #entries = 0;
  #firstSeq: number | null = null;
  #seq = 0;
  #digest = FIRST_DIGEST;
  #isCheckpointMet = false;
  #isPruningMet = false;
  readonly #erasures = new ErasureCheck();

  constructor(trusted: Trusted = {}) {
    this.#trusted = trusted;
  }

  /** The next line, without its end. */
  read(line: string): void {
    this.#line += 1;
    if (this.#line === 1) return void this.#readHeader(line);
    if (this.#end)
      return void this.#find("after_end", "Something follows on the end of the export.");
    if (line.startsWith('{"kind":"checkpoint"')) return void this.#readEnd(line);
    this.#readEntry(line);
  }

  /** What is wrong with the next line, which cannot be read at all. */
  refuse(message: string): void {
    this.#line += 1;
    this.#find("malformed", message);
  }

  #find(code: Finding["code"], message: string, seq?: number): void {
    this.#findingCount += 1;
    if (this.#findings.length < MAX_FINDINGS)
      this.#findings.push({
        line: this.#line,
        ...(seq === undefined ? {} : { seq }),
        code,
        message,
      });
  }

  get #publicKey(): string | undefined {
    return (
      this.#trusted.publicKey ?? this.#trusted.checkpoint?.public_key ?? this.#header?.public_key
    );
  }

  #isSigned(text: string, signature: string): boolean {
    return this.#publicKey !== undefined && isSigned(text, signature, this.#publicKey);
  }

  #readHeader(line: string): void {
    const header = parseLine(line, HeaderSchema, renderHeader);
    if (!header)
      return void this.#find("malformed", "The first line is not that of an audit export.");
    this.#header = header;
    if (header.public_key !== this.#publicKey)
      this.#find("key", "The export names another public key than the one it is verified with.");
    const { anchor } = header;
    if (!anchor) return;
    if (!this.#isSigned(signedAnchorText(anchor), anchor.signature))
      this.#find("anchor", "The record of what was pruned is not signed with this key.");
    this.#seq = anchor.through_seq;
    this.#digest = anchor.digest;
    this.#compareCheckpoint();
  }

  #readEntry(line: string): void {
    const entry = parseLine(line, EntrySchema, renderEntry);
    if (!entry) return void this.#find("malformed", "The line is not that of an entry.");
    const { seq } = entry;
    this.#checkPlace(entry);
    if (digestText(hashedText(entry)) !== entry.hash)
      this.#find("changed", "The entry was changed: it does not fit its hash.", seq);
    this.#checkCommitments(entry);
    this.#erasures.note(entry, this.#line);
    const { metadata } = entry;
    const throughSeq = this.#header?.anchor?.through_seq;
    if (entry.action_type === "audit.pruned" && metadata.throughSeq === throughSeq)
      this.#isPruningMet = true;
    if (entry.action_type === "audit.damaged")
      this.#find(
        "missing",
        metadata.what === "key"
          ? "An earlier log, signed with another key, is gone."
          : "The log itself found here that entries did not fit its end.",
        seq,
      );
    this.#entries += 1;
    this.#firstSeq ??= seq;
    this.#last = entry;
    this.#seq = seq;
    this.#digest = digestText(digestedText(entry));
    this.#compareCheckpoint();
  }

  #checkPlace({ seq, previous }: AuditEntry): void {
    const expected = this.#seq + 1;
    if (seq > expected) {
      const missing =
        seq === expected + 1 ? `Entry ${expected} is` : `Entries ${expected} to ${seq - 1} are`;
      this.#find("missing", `${missing} missing.`, seq);
    } else if (seq < expected) this.#find("order", `Entry ${expected} was to stand here.`, seq);
    else if (previous !== this.#digest)
      this.#find("link", "The entry does not follow on the one before it.", seq);
  }

  #checkCommitments(entry: AuditEntry): void {
    const { ip_address: ip, personal, seq } = entry;
    const fits =
      (ip === null || digestText(committedText(ip.salt, ip.value)) === entry.ip_commitment) &&
      (personal === null ||
        digestText(committedText(personal.salt, personal.value)) === entry.personal_commitment);
    if (!fits)
      this.#find(
        "commitment",
        "An address or a name beside the entry is not the one it holds.",
        seq,
      );
  }

  /** Where the log is as long as the checkpoint says, it must end as it says. */
  #compareCheckpoint(): void {
    const { checkpoint } = this.#trusted;
    if (!checkpoint || checkpoint.length !== this.#seq) return;
    this.#isCheckpointMet = true;
    if (checkpoint.digest !== this.#digest)
      this.#find(
        "checkpoint",
        "The log differs from the checkpoint, in this entry or before it.",
        this.#seq,
      );
  }

  #readEnd(line: string): void {
    const end = parseLine(line, CheckpointSchema, renderCheckpoint);
    if (!end) return void this.#find("malformed", "The last line is not that of an audit export.");
    this.#end = end;
    if (
      end.public_key !== this.#publicKey ||
      !this.#isSigned(signedCheckpointText(end), end.signature)
    )
      this.#find("signature", "The end of the export is not signed with this key.");
    if (end.length !== this.#seq)
      this.#find("cut_off", `The log has ${end.length} entries, and ends here after ${this.#seq}.`);
    else if (end.digest !== this.#digest)
      this.#find("link", "The end does not follow on the last entry.");
  }

  /** After the last line; `isWhole` where it had its end. */
  finish(isWhole: boolean): LogReport {
    if (!isWhole && this.#line > 0) this.#find("cut_off", "The last line has no end.");
    if (!this.#end) this.#find("cut_off", "The export has no signed end: entries may be cut off.");
    const last = this.#last;
    if (last && !this.#isSigned(signedEntryText(last.hash), last.signature))
      this.#find("signature", "The last entry is not signed with this key.", last.seq);
    if (this.#header?.anchor && !this.#isPruningMet)
      this.#find("anchor", "Entries are gone, and no entry of the log says that they were pruned.");
    for (const { line, seq } of this.#erasures.unexplained()) {
      this.#line = line;
      this.#find(
        "erased",
        "A name or address is gone, and no entry says that its person was erased.",
        seq,
      );
    }
    this.#finishCheckpoint();
    return this.#report();
  }

  #finishCheckpoint(): void {
    const { checkpoint } = this.#trusted;
    if (!checkpoint) return;
    if (!this.#isSigned(signedCheckpointText(checkpoint), checkpoint.signature))
      this.#find("checkpoint", "The checkpoint is not signed with this key.");
    if (checkpoint.length > this.#seq)
      this.#find(
        "cut_off",
        `The checkpoint knows ${checkpoint.length} entries; the log has ${this.#seq}.`,
      );
  }

  #report(): LogReport {
    return {
      ok: this.#findingCount === 0,
      entries: this.#entries,
      firstSeq: this.#firstSeq,
      lastSeq: this.#last?.seq ?? null,
      prunedThroughSeq: this.#header?.anchor?.through_seq ?? null,
      erasedValues: this.#erasures.values,
      publicKey: this.#publicKey ?? null,
      findings: this.#findings,
      findingCount: this.#findingCount,
      proved: this.#findingCount === 0 ? this.#statements() : [],
    };
  }

  #statements(): string[] {
    const { publicKey, checkpoint } = this.#trusted;
    const isKeyGiven = publicKey !== undefined || checkpoint !== undefined;
    return [
      "No entry was changed, left out, added or put elsewhere, up to the signed end.",
      isKeyGiven
        ? "It was signed with the key that you gave."
        : "It was signed with the key that came with it: compare the key with one that you kept.",
      this.#isCheckpointMet
        ? "It goes on from your checkpoint."
        : checkpoint
          ? "Your checkpoint is from before what was pruned: nothing can be said about it."
          : "Whether later entries were cut off with their signed end, only a checkpoint kept elsewhere shows.",
    ];
  }
}
