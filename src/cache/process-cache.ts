/**
 * The second level: workerd's memory cache, which all isolates of the process share. Whoever asks while a value is being
 * looked up waits for that look-up, so that many who miss at once ask once. Its bounds stand in the host's config.
 */
import { count, METRICS } from "../observability/metrics.ts";

/** The binding, as far as it is used. Values are copied; the time of an expiration is in milliseconds since 1970. */
export interface MemoryCache {
  read<Value>(
    key: string,
    load: () => Promise<{ value: Value; expiration: number }>,
  ): Promise<Value>;
}

/** What was looked up, and how long that is good; 0 keeps it for nobody. */
export interface LookedUp<Value> {
  value: Value;
  ttlMs: number;
}

export interface ProcessCacheOptions {
  /** Undefined where the runtime has none (`wrangler dev`, tests): then everything is looked up. */
  binding: MemoryCache | undefined;
  nowMs: () => number;
}

export class ProcessCache {
  readonly #options: ProcessCacheOptions;

  constructor(options: ProcessCacheOptions) {
    this.#options = options;
  }

  /**
   * The value under `key` of the cache `name`, from `load` where there is none. Values are plain data. A value that is
   * wrong before its time is passed over by asking under another key. Throws what `load` throws, to its caller only, and
   * the signal's reason: who waits for another's look-up waits no longer than he would for his own.
   */
  async read<Value>(
    name: string,
    key: string,
    signal: AbortSignal,
    load: () => Promise<LookedUp<Value>>,
  ): Promise<Value> {
    const { binding, nowMs } = this.#options;
    if (!binding) return (await load()).value;
    let failure: unknown;
    let result = "hit";
    const value = binding.read(`${name}|${key}`, async () => {
      result = "miss";
      try {
        const { value, ttlMs } = await load();
        return { value, expiration: nowMs() + ttlMs };
      } catch (error) {
        failure = error; // on its way through the cache an error would lose its code
        throw error;
      }
    });
    try {
      return await untilAborted(value, signal);
    } catch (error) {
      throw failure ?? error;
    } finally {
      count(METRICS.cacheLookups, { cache: name, level: "process", result });
    }
  }
}

async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
