/**
 * What a kind of model server must be able to say, so that server-model.ts can run chats on it. A protocol knows paths and
 * forms; deadlines, limits and what a failure means are the same for all kinds and stand outside of it.
 */
import type { ChatRequest, Embeddings, EmbedRequest, InstalledModel } from "../core/ports.ts";
import type { AnswerDialect } from "./answer.ts";
import type { ServerCall } from "./request.ts";

/** Without what changes by itself. */
export type ListedModel = Omit<InstalledModel, "loaded" | "server">;

/** What a server's own words say of a model. */
export interface ShownModel {
  /** The longest context that the model can run with, where the server knows it. */
  contextTokens: number | undefined;
  /** False only where the server says that it cannot. */
  answers: boolean;
  thinks: boolean;
  tools: boolean;
  vision: boolean;
  /** True where the model runs on another machine than the server says. */
  remote: boolean;
}

/** A chat that is about to be sent. */
export interface PreparedChat {
  request: ChatRequest;
  /** As the server lists it. */
  model: string;
  contextTokens: number;
  shown: ShownModel;
}

/** All but `dialect` and the notes throw model/*, or the signal's reason. What was asked a moment ago is kept. */
export interface ServerProtocol {
  listed(signal: AbortSignal): Promise<ListedModel[]>;
  /** Asks anew, whatever is kept. */
  askState(signal: AbortSignal): Promise<{ version: string; models: InstalledModel[] }>;
  show(model: string, signal: AbortSignal): Promise<ShownModel>;
  /**
   * True where the model is loaded with this context: with another one the server loads it again. Undefined where the
   * server does not say.
   */
  isLoaded(model: string, contextTokens: number, signal: AbortSignal): Promise<boolean | undefined>;
  /** `contextTokens` is the one of chats. */
  embed(request: EmbedRequest, contextTokens: number, signal: AbortSignal): Promise<Embeddings>;
  renderChat(chat: PreparedChat): ServerCall;
  /** The call that loads a model and keeps it; undefined where the server sees to that itself. */
  renderWarmUp(model: string, contextTokens: number): ServerCall | undefined;
  dialect(model: string): AnswerDialect;
  /** An answer proves that the model is loaded. */
  noteAnswered(model: string, contextTokens: number): void;
  /** After a failure nothing that was known about the model is relied on. */
  noteFailed(model: string): void;
}
