/**
 * The first level: values in this isolate for a stated time, a bounded number of them. Values only: a promise of one
 * request is no other's to await.
 */
import { countSeries, labelPairs, METRICS } from "../observability/metrics.ts";

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
  /** Rendered once: a look-up is on the way of every message. */
  readonly #hit: string;
  readonly #miss: string;

  constructor(options: CacheOptions) {
    this.#options = options;
    const series = { cache: options.name, level: "isolate" };
    this.#hit = labelPairs({ ...series, result: "hit" });
    this.#miss = labelPairs({ ...series, result: "miss" });
  }

  get(key: string): Value | undefined {
    const value = this.#find(key);
    countSeries(METRICS.cacheLookups, value === undefined ? this.#miss : this.#hit);
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
