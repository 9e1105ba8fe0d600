/**
 * The first level: values in this isolate for a stated time, a bounded number of them. Values only: a promise of one
 * request is no other's to await.
 */
import { count, METRICS } from "../observability/metrics.ts";

interface Entry<Value> {
  value: Value;
  storedAtMs: number;
}

export interface CacheOptions {
  /** As the metrics call it. */
  name: string;
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
    const value = this.#find(key);
    const result = value === undefined ? "miss" : "hit";
    count(METRICS.cacheLookups, { cache: this.#options.name, level: "isolate", result });
    return value;
  }

  #find(key: string): Value | undefined {
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
    if (this.#entries.size <= this.#options.maxEntries) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
