/** Small facts about a session, by name. */
import type { SessionKey } from "../../core/ids.ts";

interface Facts {
  /** The session's own key. */
  key: SessionKey;
  /** Where the conversation goes on. */
  movedTo: SessionKey;
  /** Model of this conversation. */
  model: string;
  /** Messages up to this position are no part of the talk any more: it began afresh. */
  contextFromSeq: number;
  /** Turns asked up to this position no longer fit into what the model is told. */
  droppedThroughSeq: number;
  /** Of each model that answered here: tokens that its server counts for each that we estimate. */
  tokenRates: Record<string, number>;
  createdAtMs: number;
  /** IANA name of the zone on whose clocks a private conversation tells times. */
  zone: string;
  /** The log in D1 has rows of this conversation under old keys. */
  reseal: boolean;
  /** No row that could be opened is sealed under a data key below this one. */
  resealedBelow: number;
  /** Messages up to this position are in D1. */
  loggedSeq: number;
}

export class Meta {
  readonly #sql: SqlStorage;
  #facts: Partial<Facts> = {};

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.reload();
  }

  /** Remembers what the table says, and nothing else. */
  reload(): void {
    const rows = this.#sql
      .exec<{ name: string; value: string }>("SELECT name, value FROM meta")
      .toArray();
    this.#facts = Object.fromEntries(rows.map((row) => [row.name, JSON.parse(row.value)]));
  }

  get<Name extends keyof Facts>(name: Name): Facts[Name] | undefined {
    return this.#facts[name];
  }

  /** Sets a position, and never back. */
  raise(name: "contextFromSeq" | "droppedThroughSeq", seq: number): void {
    if (seq > (this.get(name) ?? 0)) this.set(name, seq);
  }

  set<Name extends keyof Facts>(name: Name, value: Facts[Name]): void {
    this.#facts[name] = value;
    this.#sql.exec(
      "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      name,
      JSON.stringify(value),
    );
  }
}
