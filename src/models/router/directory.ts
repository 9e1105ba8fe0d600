/**
 * Which server has which model. Asked at most every half minute, and not for longer than a second: an answer does not
 * wait for a server that is away, and what it listed last stands until it says otherwise.
 */
import { Deadline } from "../deadlines.ts";
import type { ListedModel } from "../protocol.ts";
import type { RoutedServer } from "./routed-server.ts";

const ASK_MS = 1_000;
const KEEP_MS = 30_000;

interface Listing {
  models: readonly ListedModel[];
  askedAtMs: number;
}

export class ModelDirectory {
  readonly #nowMs: () => number;
  readonly #listings = new Map<string, Listing>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Never throws: a server that does not answer has what it had. */
  async listOf({ name, server }: RoutedServer): Promise<readonly ListedModel[]> {
    const kept = this.#listings.get(name);
    const ageMs = this.#nowMs() - (kept?.askedAtMs ?? 0);
    if (kept && ageMs >= 0 && ageMs < KEEP_MS) return kept.models;
    const deadline = new Deadline(ASK_MS);
    let models = kept?.models ?? [];
    try {
      models = await server.listed(deadline.signal);
    } catch {
      // What is wrong with the server is said by the call that needs it.
    } finally {
      deadline.end();
    }
    this.#listings.set(name, { models, askedAtMs: this.#nowMs() });
    return models;
  }

  /** After a failure the server is asked anew. */
  forget(name: string): void {
    const kept = this.#listings.get(name);
    if (kept) this.#listings.set(name, { ...kept, askedAtMs: Number.NEGATIVE_INFINITY });
  }
}
