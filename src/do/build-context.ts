/** Gathers what the model is told in a turn, in the space that the model has. */
import type { ChatRequest, ModelProfile } from "../core/ports.ts";
import type { TurnTools } from "../core/tools.ts";
import { answerTokens, buildPrompt, promptRoom, type Said } from "../turn/context.ts";
import type { OpenedTools } from "./open-tools.ts";
import type { SessionParts } from "./session-parts.ts";

export interface Context {
  chat: Omit<ChatRequest, "caller">;
  tools: TurnTools | undefined;
  /** The message itself did not fit. */
  isCut: boolean;
  /** Turns asked up to this position did not fit: to be stored with the answer. */
  droppedThroughSeq: number | undefined;
}

/** Tools for what people wrote, the newest text last. */
type OpenTools = (texts: readonly string[], profile: ModelProfile) => OpenedTools | undefined;

/** Throws model/*. */
export async function buildContext(
  parts: SessionParts,
  said: Said,
  openTools: OpenTools,
): Promise<Context> {
  const { meta } = parts;
  const model = meta.get("model") ?? parts.defaultModel;
  const profile = await parts.model.profile(model);
  const { name, contextTokens } = profile;
  const space = { contextTokens, rate: parts.tokenRates.of(name) };
  const fromSeq = Math.max(meta.get("contextFromSeq") ?? 0, meta.get("droppedThroughSeq") ?? 0);
  const past = await parts.past.after(fromSeq, promptRoom(space));
  const opened = openTools([...past.map((turn) => turn.user), said.user], profile);
  const { messages, dropped, isCut } = buildPrompt({
    ...space,
    reservedTokens: opened?.reservedTokens ?? 0,
    notes: { pins: [] },
    past,
    said,
  });
  return {
    chat: { model, messages, maxTokens: answerTokens(contextTokens) },
    tools: opened?.tools,
    isCut,
    droppedThroughSeq: past[dropped - 1]?.seq,
  };
}
