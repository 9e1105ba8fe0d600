/**
 * Several model servers behind one `Model` port: finds the server of a model, leaves a failing one alone, and goes to the
 * next model of the chain as long as nothing of an answer was handed on. Where all fail, the failure of the chosen model
 * is the one that counts.
 */
import { AppError, type ErrorCode, isAppError } from "../../core/errors.ts";
import type {
  ChatRequest,
  Embeddings,
  EmbedRequest,
  Model,
  ModelChunk,
  ModelProfile,
  ModelServerState,
} from "../../core/ports.ts";
import { missingModel } from "../failures.ts";
import { type Admission, Breaker } from "./breaker.ts";
import { Chain } from "./chain.ts";
import { ModelDirectory } from "./directory.ts";
import { AUTO } from "./names.ts";
import { PressureGauge } from "./pressure.ts";
import { type Names, Resolver } from "./resolve.ts";
import { describeTarget, type RoutedServer, type Target } from "./routed-server.ts";
import { mergeStates } from "./state.ts";

export type RouterEvent =
  | { type: "model:failover"; from: string; to: string; code: ErrorCode; cause: string }
  | { type: "model:server"; server: string; state: "cooling"; code: ErrorCode; ms: number }
  | { type: "model:server"; server: string; state: "back" };

export interface RouterOptions {
  /** The main one first. */
  servers: readonly [RoutedServer, ...RoutedServer[]];
  names: Names;
  /** Models in order; empty for the other servers. */
  fallbacks: readonly string[];
  /** Answers while memory is short; empty for none. */
  small: string;
  memoryBytes: number;
  nowMs: () => number;
  report(event: RouterEvent): void;
}

/** What came of the targets that were tried so far. */
interface Trail {
  failures: { target: Target; error: AppError }[];
  /** Servers that are out of the question for this answer. */
  down: Set<RoutedServer>;
}

/** A target that may be called now. Who gets it must end it, whatever becomes of the call. */
interface Attempt {
  target: Target;
  end(): void;
}

/** Failures of a server: another model of it would meet the same. */
const OF_SERVER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "model/unavailable",
  "model/busy",
  "model/timeout",
  "model/unauthorized",
  "model/queue_full",
]);

export class Router implements Model {
  readonly pressure: PressureGauge;
  readonly #options: RouterOptions;
  readonly #directory: ModelDirectory;
  readonly #resolver: Resolver;
  readonly #chain: Chain;
  readonly #breakers: ReadonlyMap<RoutedServer, Breaker>;

  constructor(options: RouterOptions) {
    const { servers, names, memoryBytes, nowMs, fallbacks, small } = options;
    this.#options = options;
    this.pressure = new PressureGauge(nowMs);
    this.#directory = new ModelDirectory(nowMs);
    const directory = this.#directory;
    this.#resolver = new Resolver({ servers, directory, names, memoryBytes });
    const { pressure } = this;
    this.#chain = new Chain({ servers, resolver: this.#resolver, pressure, fallbacks, small });
    this.#breakers = new Map(servers.map((server) => [server, new Breaker(nowMs)]));
  }

  async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ModelChunk, void> {
    const trail = createTrail();
    for await (const { target, end } of this.#attempts(request.model, trail, request.granted)) {
      try {
        if (signal.aborted) return;
        if (await this.#isNoHelp(target, request, trail)) continue;
        this.#reportFailover(target, trail);
        if (yield* this.#answer(target, request, signal, trail)) return;
      } finally {
        end();
      }
    }
    throw firstFailure(trail, request.model);
  }

  async profile(model: string): Promise<ModelProfile> {
    const trail = createTrail();
    for await (const { target, end } of this.#attempts(model, trail)) {
      const sinceMs = this.#options.nowMs();
      try {
        return await target.on.calls.profile(target.model);
      } catch (error) {
        if (!isAppError(error)) throw error;
        this.#failed(target, error, trail, sinceMs);
      } finally {
        end();
      }
    }
    throw firstFailure(trail, model);
  }

  /** On its own server or not at all: vectors of two models cannot be compared. */
  async embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    if (request.model === AUTO) throw missingModel(request.model);
    const { on, model } = await this.#resolver.resolve(request.model);
    return await on.calls.embed({ ...request, model }, signal);
  }

  async state(): Promise<ModelServerState> {
    const { servers, small } = this.#options;
    const states = await Promise.all(
      servers.map(async (on) => ({ on, state: await on.calls.state() })),
    );
    const up = new Set(states.flatMap(({ on, state }) => (state.status === "up" ? [on] : [])));
    return await mergeStates(states, {
      resolve: (name) => this.#resolver.resolve(name),
      first: () => this.#firstOf(up),
      freePercent: small === "" ? undefined : this.pressure.freePercent,
    });
  }

  /** Has the model that would answer now loaded and held. Throws model/*. */
  async warmUp(): Promise<void> {
    const { on, model } = await this.#chain.first(AUTO);
    // A server elsewhere is nobody's memory here, and need not hear of each conversation that is live.
    if (on.place !== "public" && !this.#breakerOf(on).isCooling) await on.server.warmUp(model);
  }

  /** True where the answer is over; false where it failed before it began, and the next target may try. */
  async *#answer(
    { on, model }: Target,
    request: ChatRequest,
    signal: AbortSignal,
    trail: Trail,
  ): AsyncGenerator<ModelChunk, boolean> {
    let isBegun = false;
    let sinceMs = this.#options.nowMs();
    try {
      for await (const chunk of on.calls.chat({ ...request, model }, signal)) {
        if (!isBegun && isAnswer(chunk)) {
          isBegun = true;
          this.#succeeded(on);
        }
        yield chunk;
        // Waiting in line is not the server's fault, and what was answered was not waited for in vain.
        sinceMs = this.#options.nowMs();
      }
      return true;
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#failed({ on, model }, error, trail, sinceMs);
      if (isBegun) throw error;
      return false;
    }
  }

  async #firstOf(up: ReadonlySet<RoutedServer>): Promise<Target> {
    for await (const target of this.#chain.targets(AUTO, () => undefined))
      if (up.has(target.on)) return target;
    throw missingModel(AUTO);
  }

  /**
   * The targets to try. One whose server cools down is passed over, and its failure noted as if it had been tried; where
   * that leaves none, the first is tried all the same: there is nothing to lose.
   */
  async *#attempts(
    asked: string,
    trail: Trail,
    granted?: readonly string[],
  ): AsyncGenerator<Attempt, void> {
    const passedOver: Target[] = [];
    let hasTried = false;
    const lastFailure = () => trail.failures.at(-1)?.error.code;
    for await (const target of grantedOf(this.#chain.targets(asked, lastFailure), asked, granted)) {
      if (trail.down.has(target.on)) continue;
      const breaker = this.#breakerOf(target.on);
      const admission = await this.#admit(target.on, breaker);
      if (admission === "open") {
        trail.down.add(target.on);
        trail.failures.push({ target, error: breaker.failure() });
        passedOver.push(target);
        continue;
      }
      hasTried = true;
      yield { target, end: () => admission === "probe" && breaker.released() };
    }
    const [first] = passedOver;
    if (hasTried || !first) return;
    trail.failures = [];
    yield { target: first, end: () => undefined };
  }

  /** A probe begins with a question that costs the server nothing. */
  async #admit(on: RoutedServer, breaker: Breaker): Promise<Admission> {
    const admission = breaker.admit();
    if (admission !== "probe") return admission;
    const state = await on.server.state();
    if (state.status === "up") return admission;
    this.#noteFailure(on, new AppError(state.code), 0);
    return "open";
  }

  async #isNoHelp(target: Target, request: ChatRequest, trail: Trail): Promise<boolean> {
    return trail.failures.length > 0 && !(await this.#suits(target, request));
  }

  /** A fall-back that cannot do what is asked is no help. */
  async #suits(target: Target, request: ChatRequest): Promise<boolean> {
    const wantsEyes = request.messages.some(({ images = [] }) => images.length > 0);
    const wantsTools = (request.tools ?? []).length > 0;
    if (!wantsEyes && !wantsTools) return true;
    try {
      const { vision, tools } = await target.on.calls.profile(target.model);
      return (vision || !wantsEyes) && (tools || !wantsTools);
    } catch {
      return false;
    }
  }

  #breakerOf(on: RoutedServer): Breaker {
    const breaker = this.#breakers.get(on);
    if (!breaker) throw new TypeError("a server that the router does not have");
    return breaker;
  }

  #succeeded(on: RoutedServer): void {
    if (this.#breakerOf(on).succeeded())
      this.#options.report({ type: "model:server", server: on.name, state: "back" });
  }

  #failed(target: Target, error: AppError, trail: Trail, sinceMs: number): void {
    trail.failures.push({ target, error });
    if (OF_SERVER.has(error.code)) trail.down.add(target.on);
    this.#noteFailure(target.on, error, this.#options.nowMs() - sinceMs);
  }

  #noteFailure(on: RoutedServer, error: AppError, waitedMs: number): void {
    this.#directory.forget(on.name);
    const ms = this.#breakerOf(on).failed(error, waitedMs);
    if (ms === undefined) return;
    const { code } = error;
    this.#options.report({ type: "model:server", server: on.name, state: "cooling", code, ms });
  }

  #reportFailover(to: Target, { failures }: Trail): void {
    const last = failures.at(-1);
    if (!last) return;
    const { code, message: cause } = last.error;
    const names = { from: describeTarget(last.target), to: describeTarget(to) };
    this.#options.report({ type: "model:failover", ...names, code, cause });
  }
}

/**
 * The targets that may answer a person with grants: those named, and the one that a granted alias means now. Throws
 * model/not_granted where the one that was asked for is none of them.
 */
async function* grantedOf(
  targets: AsyncIterable<Target>,
  asked: string,
  granted: readonly string[] | undefined,
): AsyncGenerator<Target, void> {
  let isFirst = true;
  for await (const target of targets) {
    const isGranted =
      granted === undefined ||
      (isFirst && granted.includes(asked)) ||
      granted.includes(target.model) ||
      granted.includes(describeTarget(target));
    if (isGranted) yield target;
    else if (isFirst) throw new AppError("model/not_granted");
    isFirst = false;
  }
}

/** What counts as a beginning: nothing of it may be said twice. */
function isAnswer({ kind }: ModelChunk): boolean {
  return kind !== "waiting" && kind !== "loading";
}

function createTrail(): Trail {
  return { failures: [], down: new Set() };
}

/** One failure has one explanation: that of the model that was asked for. */
function firstFailure({ failures }: Trail, asked: string): AppError {
  return failures[0]?.error ?? missingModel(asked);
}
