/** An Ollama, or a server that speaks its native protocol. */
import type { Embeddings, EmbedRequest, InstalledModel } from "../../core/ports.ts";
import type { AnswerDialect } from "../answer.ts";
import type { ListedModel, PreparedChat, ServerProtocol, ShownModel } from "../protocol.ts";
import type { ServerAddress, ServerCall } from "../request.ts";
import { createServerModel, type ModelServer, type ServerOptions } from "../server-model.ts";
import { OllamaDialect } from "./answer.ts";
import { OllamaLookups } from "./lookups.ts";
import { renderChat, renderWarmUp } from "./render-chat.ts";
import { requestVectors } from "./vectors.ts";

class OllamaProtocol implements ServerProtocol {
  readonly #server: ServerAddress;
  readonly #lookups: OllamaLookups;

  constructor(options: ServerOptions) {
    this.#server = options;
    this.#lookups = new OllamaLookups(options);
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

  isLoaded(
    model: string,
    contextTokens: number,
    signal: AbortSignal,
  ): Promise<boolean | undefined> {
    return this.#lookups.isLoaded(model, contextTokens, signal);
  }

  embed(request: EmbedRequest, contextTokens: number, signal: AbortSignal): Promise<Embeddings> {
    return requestVectors(this.#server, request, contextTokens, signal);
  }

  renderChat({ request, model, contextTokens, shown }: PreparedChat): ServerCall {
    const body = renderChat(request, model, contextTokens, shown.thinks);
    return { path: "/api/chat", body, model };
  }

  renderWarmUp(model: string, contextTokens: number): ServerCall {
    return { path: "/api/chat", body: renderWarmUp(model, contextTokens), model };
  }

  dialect(model: string): AnswerDialect {
    return new OllamaDialect(model);
  }

  noteAnswered(model: string, contextTokens: number): void {
    this.#lookups.noteAnswered(model, contextTokens);
  }

  noteFailed(model: string): void {
    this.#lookups.noteFailed(model);
  }
}

export function createOllama(options: ServerOptions): ModelServer {
  return createServerModel(options, new OllamaProtocol(options));
}
