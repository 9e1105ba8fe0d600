/** Tries of passwords that are left, by name and by address. Synchronous SQL; a row for each bucket that was used. */
import {
  refill,
  TRY_RULES,
  type TryKind,
  type TryState,
  waitOf,
} from "../../security/sign-in-throttle.ts";

interface Stored extends Record<string, SqlStorageValue> {
  left_tries: number;
  at_ms: number;
}

export interface TryBucket {
  kind: TryKind;
  bucket: string;
}

export class Tries {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Takes one of each; where one has none left, takes none and answers how long to wait. */
  take(buckets: readonly TryBucket[], nowMs: number): number {
    const states = buckets.map((one) => ({ ...one, state: this.#load(one, nowMs) }));
    const waits = states.map(({ kind, state }) => waitOf(state, TRY_RULES[kind]));
    const waitMs = Math.max(0, ...waits);
    if (waitMs > 0) return waitMs;
    for (const { bucket, state } of states) this.#store(bucket, state.left - 1, state.atMs);
    return 0;
  }

  /** Whoever had it took a right one. */
  giveBack(buckets: readonly TryBucket[], nowMs: number): void {
    for (const one of buckets) {
      const { left, atMs } = this.#load(one, nowMs);
      this.#store(one.bucket, Math.min(TRY_RULES[one.kind].tries, left + 1), atMs);
    }
  }

  #load({ kind, bucket }: TryBucket, nowMs: number): TryState {
    const [row] = this.#sql
      .exec<Stored>("SELECT left_tries, at_ms FROM tries WHERE bucket = ?", bucket)
      .toArray();
    const state = refill(row && { left: row.left_tries, atMs: row.at_ms }, TRY_RULES[kind], nowMs);
    // Set back, the clock counts anew from where it stands: nobody waits until it is where it was.
    if (row && nowMs < row.at_ms) this.#store(bucket, state.left, nowMs);
    return state;
  }

  #store(bucket: string, left: number, atMs: number): void {
    this.#sql.exec(
      "INSERT INTO tries (bucket, left_tries, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET left_tries = ?2, at_ms = ?3",
      bucket,
      left,
      atMs,
    );
  }
}
