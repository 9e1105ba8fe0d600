/**
 * The dialogues of a session: one for each person at most. Each keeps its flow as it was when it began, so that it goes
 * on when the flow is changed or removed. Synchronous SQL; callers put several calls into one transaction.
 */
import type { AccountKey, PersonId, SessionKey } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import type { Definition } from "../../flows/definition-schema.ts";
import type { Snapshot } from "../../flows/step.ts";
import { type Keyring, openJson, sealJson } from "../../security/keyring.ts";

/** Dialogues that may run at once in a session: a large group's members. */
export const MAX_DIALOGUES = 100;

/** What is sealed of a dialogue: where it stands, and whom and where it speaks to. */
export interface DialogueBody {
  snapshot: Snapshot;
  speaker: Speaker;
  account: AccountKey;
  target: Target;
}

export interface DialogueRow {
  personId: PersonId;
  flow: string;
  version: number;
  /** Time of its last step. */
  atMs: number;
  dueAtMs: number;
  body: ArrayBuffer;
  definition: ArrayBuffer;
}

export interface SealedDialogue {
  personId: PersonId;
  flow: string;
  version: number;
  dueAtMs: number;
  sealed: Uint8Array;
  /** Of a dialogue that begins. */
  definition?: Uint8Array;
}

interface StoredDialogue extends Record<string, SqlStorageValue> {
  person_id: string;
  flow: string;
  version: number;
  at_ms: number;
  due_at_ms: number;
  body: ArrayBuffer;
  definition: ArrayBuffer;
}

export class Dialogues {
  readonly #sql: SqlStorage;
  readonly #keyring: Keyring;
  readonly #session: SessionKey;
  /** When each one is let go: asking who has one, or what is due, costs no query. */
  readonly #dueAtMs = new Map<PersonId, number>();

  constructor(sql: SqlStorage, keyring: Keyring, session: SessionKey) {
    this.#sql = sql;
    this.#keyring = keyring;
    this.#session = session;
    this.reload();
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    this.#dueAtMs.clear();
    const rows = this.#sql.exec<StoredDialogue>("SELECT person_id, due_at_ms FROM dialogues");
    for (const row of rows) this.#dueAtMs.set(row.person_id as PersonId, row.due_at_ms); // written by put() only
  }

  has(personId: PersonId): boolean {
    return this.#dueAtMs.has(personId);
  }

  get isFull(): boolean {
    return this.#dueAtMs.size >= MAX_DIALOGUES;
  }

  dueAtMs(): number | undefined {
    return this.#dueAtMs.size === 0 ? undefined : Math.min(...this.#dueAtMs.values());
  }

  find(personId: PersonId): DialogueRow | undefined {
    if (!this.has(personId)) return undefined;
    return this.#find("SELECT * FROM dialogues WHERE person_id = ?", personId);
  }

  /** The one whose silence is over first. */
  next(): DialogueRow | undefined {
    return this.#find("SELECT * FROM dialogues ORDER BY due_at_ms, person_id LIMIT 1");
  }

  #find(query: string, ...values: SqlStorageValue[]): DialogueRow | undefined {
    const [stored] = this.#sql.exec<StoredDialogue>(query, ...values).toArray();
    if (!stored) return undefined;
    const { flow, version, body, definition } = stored;
    const personId = stored.person_id as PersonId; // written by put() only
    const { at_ms: atMs, due_at_ms: dueAtMs } = stored;
    return { personId, flow, version, atMs, dueAtMs, body, definition };
  }

  #place(personId: PersonId, part: "body" | "definition"): string {
    return `dialogues|${this.#session}|${personId}|${part}`;
  }

  sealBody(personId: PersonId, body: DialogueBody): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(personId, "body"), body, personId);
  }

  sealDefinition(personId: PersonId, definition: Definition): Promise<Uint8Array> {
    return sealJson(this.#keyring, this.#place(personId, "definition"), definition, personId);
  }

  async open(row: DialogueRow): Promise<{ definition: Definition; body: DialogueBody }> {
    const { personId } = row;
    const [definition, body] = await Promise.all([
      openJson<Definition>(
        this.#keyring,
        this.#place(personId, "definition"),
        new Uint8Array(row.definition),
      ),
      openJson<DialogueBody>(
        this.#keyring,
        this.#place(personId, "body"),
        new Uint8Array(row.body),
      ),
    ]);
    return { definition, body };
  }

  /** Begins a dialogue, or takes it a step further. */
  put(
    { personId, flow, version, dueAtMs, sealed, definition }: SealedDialogue,
    nowMs: number,
  ): void {
    if (definition)
      this.#sql.exec(
        "INSERT OR REPLACE INTO dialogues (person_id, flow, version, at_ms, due_at_ms, body, definition) VALUES (?, ?, ?, ?, ?, ?, ?)",
        personId,
        flow,
        version,
        nowMs,
        dueAtMs,
        sealed,
        definition,
      );
    else
      this.#sql.exec(
        "UPDATE dialogues SET at_ms = ?, due_at_ms = ?, body = ? WHERE person_id = ?",
        nowMs,
        dueAtMs,
        sealed,
        personId,
      );
    this.#dueAtMs.set(personId, dueAtMs);
  }

  /** What could not be worked on is looked at again then. */
  defer(personId: PersonId, dueAtMs: number): void {
    this.#sql.exec("UPDATE dialogues SET due_at_ms = ? WHERE person_id = ?", dueAtMs, personId);
    this.#dueAtMs.set(personId, dueAtMs);
  }

  end(personId: PersonId): void {
    if (!this.#dueAtMs.delete(personId)) return;
    this.#sql.exec("DELETE FROM dialogues WHERE person_id = ?", personId);
  }

  forget(): void {
    if (this.#dueAtMs.size === 0) return;
    this.#sql.exec("DELETE FROM dialogues");
    this.#dueAtMs.clear();
  }
}
