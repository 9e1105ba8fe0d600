/**
 * Holds the one model that is in memory: loads what a call asks for, puts the one before it away, and unloads it when
 * nobody has used it for its time. One call at a time; one load at a time.
 */
import type { Engine, EngineModel } from "./engine.ts";
import { JobQueue } from "./job-queue.ts";

/** A timer of Node holds no more than 24 days; longer means for ever. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const NEVER = new AbortController().signal;

export interface Wanted {
  name: string;
  file: string;
  contextTokens: number;
  /** Asked where the model is loaded. */
  decideContexts(): number;
  keepAliveMs: number;
}

export interface Loaded {
  name: string;
  file: string;
  /** What was asked for: the model may have a shorter one of its own. */
  askedContextTokens: number;
  contexts: number;
  model: EngineModel;
  /** Infinite where it stays. */
  expiresAtMs: number;
}

export class ModelRunner {
  readonly #engine: Engine;
  readonly #queue = new JobQueue();
  #loaded: Loaded | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  /** Runs the work with the model in memory, when its turn has come. `loadMs` is what loading took. Throws QueueFull. */
  async run<Result>(
    wanted: Wanted,
    signal: AbortSignal,
    work: (model: EngineModel, loadMs: number) => Promise<Result>,
  ): Promise<Result> {
    return await this.#queue.run(async () => {
      clearTimeout(this.#timer);
      try {
        const startedAtMs = performance.now();
        const { model } = await this.#load(wanted);
        return await work(model, performance.now() - startedAtMs);
      } finally {
        await this.#keep(wanted.keepAliveMs);
      }
    }, signal);
  }

  /** Puts away a model of that name; nothing where another one is loaded, or none. */
  async unload(name: string, signal: AbortSignal): Promise<void> {
    await this.#queue.run(async () => {
      if (this.#loaded?.name === name) await this.#unload();
    }, signal);
  }

  async #load({ name, file, contextTokens, decideContexts }: Wanted): Promise<Loaded> {
    const present = this.#loaded;
    if (present?.file === file && present.askedContextTokens === contextTokens) return present;
    await this.#unload();
    const contexts = decideContexts();
    const model = await this.#engine.load(file, { contextTokens, contexts });
    this.#loaded = {
      name,
      file,
      askedContextTokens: contextTokens,
      contexts,
      model,
      expiresAtMs: 0,
    };
    return this.#loaded;
  }

  async #keep(keepAliveMs: number): Promise<void> {
    if (!this.#loaded) return;
    if (keepAliveMs <= 0) return await this.#unload();
    this.#loaded.expiresAtMs = Date.now() + keepAliveMs;
    if (keepAliveMs > MAX_TIMER_MS) return;
    this.#timer = setTimeout(() => {
      // A full queue means that it is in use.
      this.#queue.run(() => this.#unloadExpired(), NEVER).catch(() => {});
    }, keepAliveMs);
    this.#timer.unref();
  }

  /** A call that came in between has made it last longer. */
  async #unloadExpired(): Promise<void> {
    if (this.#loaded && this.#loaded.expiresAtMs <= Date.now()) await this.#unload();
  }

  async #unload(): Promise<void> {
    clearTimeout(this.#timer);
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.model.unload();
  }
}
