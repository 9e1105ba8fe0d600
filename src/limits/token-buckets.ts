/**
 * Token buckets for many callers in one bounded structure: whoever has not called for longest goes first, and begins
 * with a full bucket when he comes back. Time only moves a bucket forward.
 */

export interface Rate {
  /** Calls that may come at once. */
  burst: number;
  perSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class TokenBuckets {
  readonly #maxEntries: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token; 0 where there was one, else how long it is until there is. */
  take(key: string, rate: Rate, nowMs: number): number {
    const bucket = this.#buckets.get(key);
    if (bucket) this.#buckets.delete(key);
    const tokens = bucket ? refill(bucket, rate, nowMs) : rate.burst;
    const isFree = tokens >= 1;
    this.#buckets.set(key, { tokens: isFree ? tokens - 1 : tokens, atMs: nowMs });
    if (this.#buckets.size > this.#maxEntries) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return isFree ? 0 : Math.max(1, Math.ceil(((1 - tokens) / rate.perSecond) * 1_000));
  }
}

/** A clock that was set back gives nothing, and takes nothing. */
function refill({ tokens, atMs }: Bucket, { burst, perSecond }: Rate, nowMs: number): number {
  const passedSeconds = Math.max(0, nowMs - atMs) / 1_000;
  return Math.min(burst, tokens + passedSeconds * perSecond);
}
