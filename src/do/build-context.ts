/** Gathers what the model is told in a turn, in the space that the model has. */
import type { ChatRequest } from "../core/ports.ts";
import { answerTokens, buildPrompt, promptRoom, type Said } from "../turn/context.ts";
import type { SessionParts } from "./session-parts.ts";

export interface Context {
  chat: Omit<ChatRequest, "caller">;
  /** The message itself did not fit. */
  isCut: boolean;
  /** Turns asked up to this position did not fit: to be stored with the answer. */
  droppedThroughSeq: number | undefined;
}

/** Throws model/*. */
export async function buildContext(parts: SessionParts, said: Said): Promise<Context> {
  const { meta } = parts;
  const model = meta.get("model") ?? parts.defaultModel;
  const { name, contextTokens } = await parts.model.profile(model);
  const space = { contextTokens, rate: parts.tokenRates.of(name) };
  const fromSeq = Math.max(meta.get("contextFromSeq") ?? 0, meta.get("droppedThroughSeq") ?? 0);
  const past = await parts.past.after(fromSeq, promptRoom(space));
  const { messages, dropped, isCut } = buildPrompt({ ...space, notes: { pins: [] }, past, said });
  return {
    chat: { model, messages, maxTokens: answerTokens(contextTokens) },
    isCut,
    droppedThroughSeq: past[dropped - 1]?.seq,
  };
}
