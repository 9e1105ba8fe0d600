/**
 * Which models may give an answer, one after the other: the chosen one, or the small one while memory is short; then the
 * fall-backs. Each is looked up only when its turn comes.
 */
import type { ErrorCode } from "../../core/errors.ts";
import { AUTO } from "./names.ts";
import type { PressureGauge } from "./pressure.ts";
import type { Resolver } from "./resolve.ts";
import { describeTarget, type RoutedServer, type Target } from "./routed-server.ts";

/** Tries of one answer: on each server, and on all. */
export const MAX_TRIES_PER_SERVER = 2;
export const MAX_TRIES = 6;

interface ChainOptions {
  servers: readonly RoutedServer[];
  resolver: Resolver;
  pressure: PressureGauge;
  /** Names in order; empty for the other servers. */
  fallbacks: readonly string[];
  /** Empty for none. */
  small: string;
}

export class Chain {
  readonly #options: ChainOptions;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  /**
   * `lastFailure` is asked between two targets. Throws model/missing where the first name means nothing; a fall-back that
   * means nothing is passed over.
   */
  async *targets(
    asked: string,
    lastFailure: () => ErrorCode | undefined,
  ): AsyncGenerator<Target, void> {
    const seen = new Set<string>();
    const tries = new Map<string, number>();
    const isNew = (target: Target): boolean => {
      const count = tries.get(target.on.name) ?? 0;
      const name = describeTarget(target);
      if (seen.has(name) || seen.size >= MAX_TRIES || count >= MAX_TRIES_PER_SERVER) return false;
      seen.add(name);
      tries.set(target.on.name, count + 1);
      return true;
    };
    const first = await this.first(asked);
    isNew(first);
    yield first;
    for await (const target of this.#further(first, lastFailure)) if (isNew(target)) yield target;
  }

  /** The chosen model; the small one in place of one on this box whose memory is short. */
  async first(asked: string): Promise<Target> {
    const { resolver, pressure } = this.#options;
    const chosen = await resolver.resolve(asked);
    if (pressure.freePercent === undefined || chosen.on.place !== "box") return chosen;
    return (await this.#small()) ?? chosen;
  }

  async *#further(
    first: Target,
    lastFailure: () => ErrorCode | undefined,
  ): AsyncGenerator<Target, void> {
    if (lastFailure() === "model/out_of_memory") {
      const small = await this.#small();
      if (small) yield small;
    }
    const { fallbacks, servers } = this.#options;
    for (const name of fallbacks) {
      const target = await this.#resolve(name);
      if (target) yield target;
    }
    if (fallbacks.length > 0) return;
    // What a person writes goes to somebody else's machine only where the owner has named it.
    for (const on of servers)
      if (on !== first.on && on.place !== "public") yield { on, model: AUTO };
  }

  async #small(): Promise<Target | undefined> {
    const { small } = this.#options;
    return small === "" ? undefined : await this.#resolve(small);
  }

  async #resolve(name: string): Promise<Target | undefined> {
    try {
      return await this.#options.resolver.resolve(name);
    } catch {
      return undefined; // an alias that means nothing now
    }
  }
}
