/** Finished turns as the model is told them: the newest that have room, opened once and kept for the next prompt. */
import type { MessageId } from "../../core/ids.ts";
import { unlessErased } from "../../security/keyring.ts";
import type { PastTurn } from "../../turn/context.ts";
import { estimateTokens } from "../../turn/tokens.ts";
import { MAX_PAST_TURNS } from "../../turn/window.ts";
import { describeUser, type History, writtenBy } from "./history.ts";

/** Rows looked up at once. */
const BATCH_ROWS = 32;
/** Turns kept in memory: a prompt's, and those that came since. */
const MAX_KEPT_TURNS = MAX_PAST_TURNS * 2;

interface StoredTurn extends Record<string, SqlStorageValue> {
  seq: number;
  answer_seq: number;
  at_ms: number;
  question_id: string;
  question: ArrayBuffer;
  answer_id: string;
  answer: ArrayBuffer;
}

interface Kept {
  turns: PastTurn[];
  /** Nothing older is left to be loaded. */
  isWhole: boolean;
}

function estimateTurns(turns: readonly PastTurn[]): number {
  return turns.reduce((sum, turn) => sum + estimateTurn(turn), 0);
}

function estimateTurn({ user, assistant }: PastTurn): number {
  return estimateTokens(user) + estimateTokens(assistant);
}

export class PastTurns {
  readonly #sql: SqlStorage;
  readonly #history: History;
  #kept: Kept | undefined;
  /** What was loaded before one of these is not kept after it. */
  #erasures = 0;
  #additions = 0;

  constructor(sql: SqlStorage, history: History) {
    this.#sql = sql;
    this.#history = history;
  }

  /** Remembers nothing: the tables say. */
  reload(): void {
    this.#kept = undefined;
  }

  /** After everything was erased. */
  forget(): void {
    this.#kept = undefined;
    this.#erasures += 1;
  }

  /** A turn that has just been stored. */
  remember(turn: PastTurn): void {
    this.#additions += 1;
    if (!this.#kept) return;
    this.#kept.turns.push(turn);
    if (this.#kept.turns.length <= MAX_KEPT_TURNS) return;
    this.#kept = { turns: this.#kept.turns.slice(-MAX_PAST_TURNS), isWhole: false };
  }

  /**
   * Turns asked after `fromSeq`, oldest first: the newest that take no more than `roomTokens`, and one more where there
   * are more.
   */
  async after(fromSeq: number, roomTokens: number): Promise<readonly PastTurn[]> {
    const kept = this.#kept;
    const isEnough = kept && (kept.isWhole || isFull(kept.turns, roomTokens));
    if (isEnough) {
      kept.turns = kept.turns.filter((turn) => turn.seq > fromSeq);
      return kept.turns.slice();
    }
    const [erasures, additions] = [this.#erasures, this.#additions];
    const loaded = await this.#load(fromSeq, roomTokens);
    if (erasures !== this.#erasures) return [];
    if (additions === this.#additions) this.#kept = loaded;
    return loaded.turns.slice();
  }

  /** As {@link after}, of turns asked up to `throughSeq`; nothing of it is kept in memory. */
  async between(
    fromSeq: number,
    throughSeq: number,
    roomTokens: number,
  ): Promise<readonly PastTurn[]> {
    return (await this.#load(fromSeq, roomTokens, throughSeq)).turns;
  }

  async #load(
    fromSeq: number,
    roomTokens: number,
    throughSeq = Number.MAX_SAFE_INTEGER,
  ): Promise<Kept> {
    const newestFirst: PastTurn[] = [];
    let beforeSeq = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = this.#rows(fromSeq, beforeSeq, throughSeq);
      const opened = await Promise.all(rows.map((row) => unlessErased(this.#open(row))));
      newestFirst.push(...opened.filter((turn) => turn !== undefined));
      if (rows.length < BATCH_ROWS) return { turns: newestFirst.reverse(), isWhole: true };
      if (isFull(newestFirst, roomTokens)) return { turns: newestFirst.reverse(), isWhole: false };
      beforeSeq = rows.at(-1)?.answer_seq ?? 0;
    }
  }

  #rows(fromSeq: number, beforeSeq: number, throughSeq: number): StoredTurn[] {
    return this.#sql
      .exec<StoredTurn>(
        `SELECT u.seq, a.seq AS answer_seq, u.at_ms, u.id AS question_id, u.body AS question, a.id AS answer_id, a.body AS answer
           FROM messages AS a JOIN messages AS u ON u.id = a.turn_id || ':u'
          WHERE a.role = 'assistant' AND a.aside = 0 AND a.seq > ? AND a.seq < ? AND u.seq > ? AND u.seq <= ?
          ORDER BY a.seq DESC LIMIT ?`,
        fromSeq,
        beforeSeq,
        fromSeq,
        throughSeq,
        BATCH_ROWS,
      )
      .toArray();
  }

  async #open(row: StoredTurn): Promise<PastTurn> {
    const [user, assistant] = await Promise.all([
      this.#history.openBody(row.question_id as MessageId, row.question), // written by append() only
      this.#history.openBody(row.answer_id as MessageId, row.answer), // the same
    ]);
    const { seq, at_ms: atMs } = row;
    const { pictures } = user;
    const told = { user: describeUser(user), ...writtenBy(user) };
    const turn = { seq, atMs, ...told, assistant: assistant.text };
    return pictures ? { ...turn, pictures } : turn;
  }
}

function isFull(turns: readonly PastTurn[], roomTokens: number): boolean {
  return turns.length > MAX_PAST_TURNS || estimateTurns(turns) > roomTokens;
}
