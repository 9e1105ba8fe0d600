/** Values for a stated time, a bounded number of them. Values only: a promise of one request is no other's to await. */

interface Entry<Value> {
  value: Value;
  storedAtMs: number;
}

interface CacheOptions {
  ttlMs: number;
  maxEntries: number;
  nowMs: () => number;
}

export class TtlCache<Value> {
  readonly #options: CacheOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const ageMs = this.#options.nowMs() - entry.storedAtMs;
    // A clock that was set back makes a value old, not eternal.
    return ageMs >= 0 && ageMs < this.#options.ttlMs ? entry.value : undefined;
  }

  /** At the limit the value that was stored first goes. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, storedAtMs: this.#options.nowMs() });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#options.maxEntries && oldest !== undefined)
      this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
