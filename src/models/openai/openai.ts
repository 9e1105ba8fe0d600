/**
 * A server that speaks the OpenAI API: llama.cpp, vLLM, LM Studio, or a hosted one. What they differ in is their flavour.
 */
import type { Embeddings, EmbedRequest, InstalledModel } from "../../core/ports.ts";
import type { AnswerDialect } from "../answer.ts";
import type { ListedModel, PreparedChat, ServerProtocol, ShownModel } from "../protocol.ts";
import type { ServerAddress, ServerCall } from "../request.ts";
import { createServerModel, type ModelServer, type ServerOptions } from "../server-model.ts";
import { OpenAiDialect } from "./answer.ts";
import { OpenAiLookups } from "./lookups.ts";
import { renderChat } from "./render-chat.ts";
import { requestVectors } from "./vectors.ts";

class OpenAiProtocol implements ServerProtocol {
  readonly #server: ServerAddress;
  readonly #lookups: OpenAiLookups;

  constructor(options: ServerOptions) {
    this.#server = options;
    this.#lookups = new OpenAiLookups(options);
  }

  listed(signal: AbortSignal): Promise<ListedModel[]> {
    return this.#lookups.listed(signal);
  }

  askState(signal: AbortSignal): Promise<{ version: string; models: InstalledModel[] }> {
    return this.#lookups.askState(signal);
  }

  show(model: string, signal: AbortSignal): Promise<ShownModel> {
    return this.#lookups.show(model, signal);
  }

  /** The context is the server's own here: a chat cannot ask for another. */
  isLoaded(model: string, _contextTokens: number, signal: AbortSignal): Promise<boolean> {
    return this.#lookups.isLoaded(model, signal);
  }

  embed(request: EmbedRequest, _contextTokens: number, signal: AbortSignal): Promise<Embeddings> {
    return requestVectors(this.#server, request, signal);
  }

  renderChat({ request, model }: PreparedChat): ServerCall {
    const { flavour, facts } = this.#lookups.flavourOf(model);
    return {
      path: "/v1/chat/completions",
      body: renderChat(request, model, flavour, facts),
      model,
    };
  }

  /** Servers of this kind hold their models themselves; LM Studio loads one at the first chat. */
  renderWarmUp(): undefined {
    return undefined;
  }

  dialect(): AnswerDialect {
    return new OpenAiDialect();
  }

  noteAnswered(model: string): void {
    this.#lookups.noteAnswered(model);
  }

  noteFailed(model: string): void {
    this.#lookups.noteFailed(model);
  }
}

/** The base address may end in `/v1`, as people copy it. */
export function createOpenAi(options: ServerOptions): ModelServer {
  const server = { ...options, baseUrl: options.baseUrl.replace(/\/v1$/, "") };
  return createServerModel(server, new OpenAiProtocol(server));
}
