/**
 * One model server as the rest of Rockpool sees it: the `Model` port over the protocol of any kind of server, with the
 * deadlines and the failures that are the same for all. One value of it serves a whole isolate: what it keeps are
 * values, never promises.
 */
import type { ProcessCache } from "../cache/process-cache.ts";
import { AppError, errorCode, isAppError } from "../core/errors.ts";
import type {
  ChatRequest,
  Embeddings,
  EmbedRequest,
  Model,
  ModelChunk,
  ModelProfile,
  ModelServerState,
} from "../core/ports.ts";
import { readAnswer } from "./answer.ts";
import { chooseModel, isRemoteName } from "./choose.ts";
import {
  ANSWER_MS,
  Deadline,
  firstTokenTimeoutMs,
  LOADING_MS,
  LOOKUP_MS,
  type Patience,
  STATE_MS,
} from "./deadlines.ts";
import { brokenStream, missingModel, remoteModel } from "./failures.ts";
import type { ListedModel, ServerProtocol, ShownModel } from "./protocol.ts";
import { type ServerAddress, sendRequest } from "./request.ts";

const AUTO = "auto";

export interface ServerOptions extends ServerAddress {
  /** The context that models are run with; a model made for a shorter one keeps its own. */
  contextTokens: number;
  memoryBytes: number;
  patience: Patience;
  /** What servers say of their models is looked up through it. */
  cache: ProcessCache;
  nowMs: () => number;
}

export interface ModelServer extends Model {
  /** The models that the server lists, kept for a short time. Throws model/*. */
  listed(signal: AbortSignal): Promise<ListedModel[]>;
  /** Has the server load a model and keep it for a while. Throws model/*. */
  warmUp(model: string): Promise<void>;
}

class ServerModel implements ModelServer {
  readonly #options: ServerOptions;
  readonly #protocol: ServerProtocol;

  constructor(options: ServerOptions, protocol: ServerProtocol) {
    this.#options = options;
    this.#protocol = protocol;
  }

  async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ModelChunk, void> {
    if (signal.aborted) return;
    const deadline = new Deadline(ANSWER_MS, signal);
    try {
      yield* this.#answer(request, deadline);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      deadline.end();
    }
  }

  async state(): Promise<ModelServerState> {
    const deadline = new Deadline(STATE_MS);
    try {
      return await this.#askState(deadline.signal);
    } catch (error) {
      return { status: "down", code: errorCode(error) };
    } finally {
      deadline.end();
    }
  }

  async profile(model: string): Promise<ModelProfile> {
    return await this.#within(LOOKUP_MS, async (signal) => {
      const name = await this.#resolve(model, signal);
      const shown = await this.#protocol.show(name, signal);
      const { tools, vision, thinks } = shown;
      return { name, contextTokens: this.#contextOf(shown), tools, vision, thinks };
    });
  }

  async embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    const deadline = new Deadline(LOADING_MS, signal);
    try {
      return await this.#askVectors(request, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  listed(signal: AbortSignal): Promise<ListedModel[]> {
    return this.#protocol.listed(signal);
  }

  async warmUp(model: string): Promise<void> {
    await this.#within(LOADING_MS, async (signal) => {
      const name = await this.#resolve(model, signal);
      const shown = await this.#protocol.show(name, signal);
      verifyUsable(name, shown);
      const contextTokens = this.#contextOf(shown);
      const call = this.#protocol.renderWarmUp(name, contextTokens);
      if (!call) return;
      const response = await sendRequest(this.#options, call, signal);
      await response.body?.cancel();
      this.#protocol.noteAnswered(name, contextTokens);
    });
  }

  async #within<Result>(
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const deadline = new Deadline(timeoutMs, undefined, "model/unavailable");
    try {
      return await work(deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async #askVectors(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    const { model } = request;
    if (model === AUTO) throw missingModel(model);
    if (isRemoteName(model)) throw remoteModel(model);
    const shown = await this.#protocol.show(model, signal);
    if (shown.remote) throw remoteModel(model);
    return this.#protocol.embed(request, this.#contextOf(shown), signal);
  }

  async *#answer(request: ChatRequest, deadline: Deadline): AsyncGenerator<ModelChunk, void> {
    const { nowMs, patience } = this.#options;
    const startedAtMs = nowMs();
    const { signal } = deadline;
    const protocol = this.#protocol;
    deadline.begin(
      "The model server did not say which models it has",
      LOOKUP_MS,
      "model/unavailable",
    );
    const model = await this.#resolve(request.model, signal);
    try {
      const shown = await protocol.show(model, signal);
      verifyUsable(model, shown);
      const contextTokens = this.#contextOf(shown);
      const loaded = await protocol.isLoaded(model, contextTokens, signal);
      deadline.pause();
      if (loaded === false) yield { kind: "loading" };
      const timeoutMs = firstTokenTimeoutMs(request.messages, loaded === true, patience);
      deadline.begin("The model's first token did not come", timeoutMs);
      const call = protocol.renderChat({ request, model, contextTokens, shown });
      const response = await sendRequest(this.#options, call, signal);
      if (!response.body) throw brokenStream("The model server's answer is empty.");
      const dialect = protocol.dialect(model);
      const { nextTokenMs } = patience;
      const options = { model, dialect, deadline, nextTokenMs, startedAtMs, nowMs };
      for await (const chunk of readAnswer(response.body, options)) {
        if (chunk.kind === "done") protocol.noteAnswered(model, contextTokens);
        yield chunk;
      }
    } catch (error) {
      if (isAppError(error)) protocol.noteFailed(model);
      throw error;
    }
  }

  async #askState(signal: AbortSignal): Promise<ModelServerState> {
    const { version, models } = await this.#protocol.askState(signal);
    const chosen = chooseModel(models, this.#options.memoryBytes);
    return { status: "up", version, models, ...(chosen === undefined ? {} : { chosen }) };
  }

  /** The name to send. Throws model/*. */
  async #resolve(name: string, signal: AbortSignal): Promise<string> {
    if (name !== AUTO) {
      if (isRemoteName(name)) throw remoteModel(name);
      return name;
    }
    const installed = await this.#protocol.listed(signal);
    const chosen = chooseModel(installed, this.#options.memoryBytes);
    if (chosen === undefined)
      throw new AppError("model/missing", { detail: "No model that can answer is installed." });
    return chosen;
  }

  /** The same for each call of a model: another value would make the server load it again. */
  #contextOf(shown: ShownModel): number {
    const own = shown.contextTokens ?? this.#options.contextTokens;
    return Math.min(own, this.#options.contextTokens);
  }
}

function verifyUsable(model: string, shown: ShownModel): void {
  if (shown.remote) throw remoteModel(model);
  if (!shown.answers)
    throw new AppError("model/rejected", { detail: `The model "${model}" cannot hold a chat.` });
}

export function createServerModel(options: ServerOptions, protocol: ServerProtocol): ModelServer {
  return new ServerModel(options, protocol);
}
