/**
 * The model server as the rest of Rockpool sees it: Ollama's native protocol behind the `Model` port. One value of it
 * serves a whole isolate: what it keeps are values, never promises.
 */
import { AppError, errorCode, isAppError } from "../../core/errors.ts";
import type {
  ChatRequest,
  Embeddings,
  EmbedRequest,
  Model,
  ModelChunk,
  ModelProfile,
  ModelServerState,
} from "../../core/ports.ts";
import { readAnswer } from "../answer.ts";
import { chooseModel, isRemoteName } from "../choose.ts";
import {
  ANSWER_MS,
  Deadline,
  firstTokenTimeoutMs,
  LOADING_MS,
  LOOKUP_MS,
  STATE_MS,
} from "../deadlines.ts";
import { brokenStream, missingModel, remoteModel } from "../failures.ts";
import { type ModelServer, requestJson, sendRequest } from "../request.ts";
import { fullName, ModelLookups, type ShownModel } from "./lookups.ts";
import { renderChat } from "./render-chat.ts";
import { versionSchema } from "./schema.ts";
import { requestVectors } from "./vectors.ts";

const AUTO = "auto";

export interface OllamaOptions {
  /** Reaches the model server and nothing else. */
  fetch: typeof fetch;
  baseUrl: string;
  /** The context that models are run with; a model made for a shorter one keeps its own. */
  contextTokens: number;
  memoryBytes: number;
  /** What `auto` means: a name, or `auto` for the best one installed. */
  model: string;
  nowMs: () => number;
}

class Ollama implements Model {
  readonly #options: OllamaOptions;
  readonly #server: ModelServer;
  readonly #lookups: ModelLookups;

  constructor(options: OllamaOptions) {
    this.#options = options;
    this.#server = { fetch: options.fetch, baseUrl: options.baseUrl };
    this.#lookups = new ModelLookups(this.#server, options.nowMs);
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
    const deadline = new Deadline(LOOKUP_MS);
    try {
      const name = await this.#resolve(model, deadline.signal);
      const shown = await this.#lookups.show(name, deadline.signal);
      const { tools, vision, thinks } = shown;
      return { name, contextTokens: this.#contextOf(shown), tools, vision, thinks };
    } finally {
      deadline.end();
    }
  }

  async embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    const deadline = new Deadline(LOADING_MS, signal);
    try {
      return await this.#askVectors(request, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  async #askVectors(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    const { model } = request;
    if (model === AUTO) throw missingModel(model);
    if (isRemoteName(model)) throw remoteModel(model);
    const shown = await this.#lookups.show(model, signal);
    if (shown.remote) throw remoteModel(model);
    return requestVectors(this.#server, request, this.#contextOf(shown), signal);
  }

  async *#answer(request: ChatRequest, deadline: Deadline): AsyncGenerator<ModelChunk, void> {
    const startedAtMs = this.#options.nowMs();
    const { signal } = deadline;
    deadline.begin("The model server did not say which models it has", LOOKUP_MS);
    const model = await this.#resolve(request.model, signal);
    try {
      const shown = await this.#lookups.show(model, signal);
      verifyUsable(model, shown);
      const contextTokens = this.#contextOf(shown);
      const loaded = await this.#lookups.isLoaded(model, contextTokens, signal);
      deadline.pause();
      if (loaded === false) yield { kind: "loading" };
      const timeoutMs = firstTokenTimeoutMs(request.messages, loaded === true);
      deadline.begin("The model's first token did not come", timeoutMs);
      const body = renderChat(request, model, contextTokens, shown.thinks);
      const response = await sendRequest(this.#server, { path: "/api/chat", body, model }, signal);
      if (!response.body) throw brokenStream("The model server's answer is empty.");
      const { nowMs } = this.#options;
      for await (const chunk of readAnswer(response.body, {
        model,
        deadline,
        startedAtMs,
        nowMs,
      })) {
        if (chunk.kind === "done") this.#lookups.noteAnswered(model, contextTokens);
        yield chunk;
      }
    } catch (error) {
      if (isAppError(error)) this.#lookups.noteFailed(model);
      throw error;
    }
  }

  async #askState(signal: AbortSignal): Promise<ModelServerState> {
    const [{ version }, installed, loaded] = await Promise.all([
      requestJson(this.#server, { path: "/api/version" }, versionSchema, signal),
      this.#lookups.askInstalled(signal),
      this.#lookups.askLoaded(signal),
    ]);
    const models = installed.map((model) => ({
      ...model,
      loaded: loaded?.has(fullName(model.name)) ?? false,
    }));
    const { model, memoryBytes } = this.#options;
    const chosen =
      model === AUTO
        ? chooseModel(models, memoryBytes)
        : models.find(({ name }) => name === fullName(model))?.name;
    return { status: "up", version, models, ...(chosen === undefined ? {} : { chosen }) };
  }

  /** The name to send. Throws model/*. */
  async #resolve(asked: string, signal: AbortSignal): Promise<string> {
    const name = asked === AUTO ? this.#options.model : asked;
    if (name !== AUTO) {
      if (isRemoteName(name)) throw remoteModel(name);
      return name;
    }
    const installed = await this.#lookups.installed(signal);
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

/** `baseUrl` has no slash at its end. */
export function createOllama(options: OllamaOptions): Model {
  return new Ollama(options);
}
