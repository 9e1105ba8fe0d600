/** How the fake server makes chats wait: held by a test, waiting for a model to load, waiting for a slot. */
import { setTimeout as sleep } from "node:timers/promises";

/** Lets everybody through while open. */
export class HoldGate {
  #open = true;
  #waiting = new Set<() => void>();

  get held(): number {
    return this.#waiting.size;
  }

  set(open: boolean): void {
    this.#open = open;
    if (!open) return;
    for (const enter of this.#waiting) enter();
    this.#waiting.clear();
  }

  async pass(signal: AbortSignal): Promise<void> {
    if (this.#open) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => {
        this.#waiting.delete(resolve);
        reject(signal.reason);
      });
    });
  }
}

/** A bounded number of chats at once, the others in order of arrival. */
export class Slots {
  #size: number;
  #busy = 0;
  #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#size = size;
  }

  get busy(): number {
    return this.#busy;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  resize(size: number): void {
    this.#size = size;
    this.#admit();
  }

  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy < this.#size) {
      this.#busy += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => {
        // Only who still waits leaves the queue; who was admitted holds a slot and releases it.
        if (this.#waiting.delete(resolve)) reject(signal.reason);
      });
    });
  }

  release(): void {
    this.#busy -= 1;
    this.#admit();
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#busy >= this.#size) return;
      this.#waiting.delete(enter);
      this.#busy += 1;
      enter();
    }
  }
}

/** One load at a time; another context than the loaded one is a reload, as at the real server. */
export class Loader {
  readonly loaded = new Map<string, number>();
  loads = 0;
  waiting = 0;
  #last: Promise<void> = Promise.resolve();

  isLoaded(name: string, contextTokens: number): boolean {
    return this.loaded.get(name) === contextTokens;
  }

  /** A client that leaves cancels its load. */
  async load(name: string, contextTokens: number, loadMs: number, signal: AbortSignal) {
    this.waiting += 1;
    const turn = this.#last.then(async () => {
      if (this.isLoaded(name, contextTokens)) return;
      signal.throwIfAborted();
      this.loaded.delete(name);
      if (loadMs > 0) await sleep(loadMs, undefined, { signal });
      this.loads += 1;
      this.loaded.set(name, contextTokens);
    });
    this.#last = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.waiting -= 1;
    }
  }
}
