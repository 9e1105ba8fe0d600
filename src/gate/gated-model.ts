/** A model whose calls each wait for a slot of its server first. It knows nothing of the server but how many slots it has. */
import type { GateCalls } from "../core/gate-protocol.ts";
import type {
  ChatRequest,
  Embeddings,
  EmbedRequest,
  Model,
  ModelChunk,
  ModelProfile,
  ModelServerState,
} from "../core/ports.ts";
import { CallProgress } from "./call-progress.ts";
import { runInSlot } from "./run-in-slot.ts";
import { Slot } from "./slot.ts";

export interface GateOptions {
  /** Opened for each call: what it reaches belongs to the request that calls. */
  openGate(): GateCalls;
  slots: number;
  nowMs(): number;
}

/** Of the newest call in what first tokens usually take. */
const WEIGHT = 0.2;

class GatedModel implements Model {
  readonly #model: Model;
  readonly #options: GateOptions;
  #usualFirstTokenMs: number | undefined;

  constructor(model: Model, options: GateOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** While nobody takes the next chunk the slot is not kept: it ends like that of one who has crashed. */
  async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ModelChunk, void> {
    if (signal.aborted) return;
    const slot = new Slot(this.#options.openGate(), this.#options.slots, request.caller);
    const progress = new CallProgress(this.#options.nowMs);
    try {
      yield* waitFor(slot, signal);
      if (signal.aborted) return;
      progress.begin();
      slot.keep(() => progress.isAsked);
      for await (const chunk of this.#model.chat(request, signal)) {
        progress.note(chunk);
        yield chunk;
        progress.goOn();
      }
    } catch (error) {
      progress.fail(error);
      throw error;
    } finally {
      await slot.leave(progress.busyMs(this.#usualFirstTokenMs));
      this.#learn(progress.firstTokenMs);
    }
  }

  async state(): Promise<ModelServerState> {
    const queue = this.#options.openGate().state();
    const [state, gate] = await Promise.all([this.#model.state(), queue.catch(() => undefined)]);
    return gate ? { ...state, queue: gate } : state;
  }

  profile(model: string): Promise<ModelProfile> {
    return this.#model.profile(model);
  }

  async embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    const slot = new Slot(this.#options.openGate(), this.#options.slots, request.caller);
    return runInSlot(slot, signal, () => this.#model.embed(request, signal));
  }

  #learn(firstTokenMs: number | undefined): void {
    if (firstTokenMs === undefined) return;
    this.#usualFirstTokenMs ??= firstTokenMs;
    this.#usualFirstTokenMs += WEIGHT * (firstTokenMs - this.#usualFirstTokenMs);
  }
}

async function* waitFor(slot: Slot, signal: AbortSignal): AsyncGenerator<ModelChunk, void> {
  let hasWaited = false;
  for await (const place of slot.wait(signal)) {
    hasWaited = true;
    yield { kind: "waiting", ...place };
  }
  if (hasWaited) yield { kind: "waiting", position: 0 };
}

export function createGatedModel(model: Model, options: GateOptions): Model {
  return new GatedModel(model, options);
}
