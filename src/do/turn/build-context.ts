/** Gathers what the model is told in a turn, in the space that the model has. */
import type { ChatRequest, ModelProfile, PromptMessage } from "../../core/ports.ts";
import type { TurnTools } from "../../core/tools.ts";
import {
  answerTokens,
  buildPrompt,
  type Prompt,
  promptRoom,
  type Said,
} from "../../turn/context.ts";
import type { Notes } from "../../turn/notes.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { renderPicture } from "./look-at-pictures.ts";
import type { OpenedTools } from "./open-tools.ts";
import { zoneHere } from "./person-memory.ts";

/** How much of its space the told past takes. */
export interface PromptFill {
  /** Estimated tokens of each past turn that is told. */
  turnTokens: readonly number[];
  budgetTokens: number;
  reservedTokens: number;
  /** There are turns that are neither told nor summarised. */
  hasGap: boolean;
}

export interface Context {
  chat: Omit<ChatRequest, "caller">;
  tools: TurnTools | undefined;
  /** What tools ask for while they run: to be stored with the answer. */
  changes: readonly (() => void)[];
  /** What the model is called now: `auto` and aliases are none of its names. */
  model: string;
  canSee: boolean;
  /** Pictures of the message that the model is shown. */
  picturesTold: number;
  /** The message itself did not fit. */
  isCut: boolean;
  /** Turns asked up to this position did not fit: to be stored with the answer. */
  droppedThroughSeq: number | undefined;
  fill: PromptFill;
}

export interface ModelSpace {
  /** As it is asked for: it may be `auto`. */
  model: string;
  profile: ModelProfile;
  space: { contextTokens: number; rate: number | undefined; zone: string };
}

/** The conversation's model, and how much it can be told. Throws model/*. */
export async function openSpace(parts: SessionParts): Promise<ModelSpace> {
  const model = parts.meta.get("model") ?? parts.defaultModel;
  const profile = await parts.model.profile(model);
  const { name, contextTokens } = profile;
  return {
    model,
    profile,
    space: { contextTokens, rate: parts.tokenRates.of(name), zone: zoneHere(parts) },
  };
}

/** Tools for what people wrote, the newest text last. */
type OpenTools = (
  texts: readonly string[],
  profile: ModelProfile,
) => Promise<OpenedTools | undefined>;

/** Throws model/*. */
export async function buildContext(
  parts: SessionParts,
  said: Said,
  openTools: OpenTools,
): Promise<Context> {
  const { model, profile, space } = await openSpace(parts);
  const { fromSeq, coveredSeq, notes } = await openNotes(parts);
  const past = await parts.past.after(fromSeq, promptRoom(space));
  const written = [...past, said].map((one) => one.written ?? one.user);
  const offered = await openTools(written, profile);
  const { vision } = profile;
  const build = (reservedTokens: number) =>
    buildPrompt({ ...space, reservedTokens, notes, past, said, vision });
  // A long message is read whole rather than with tools beside it.
  const opened = offered && build(offered.reservedTokens).isCut ? undefined : offered;
  const reservedTokens = opened?.reservedTokens ?? 0;
  const prompt = build(reservedTokens);
  const { dropped, isCut, turnTokens, budgetTokens } = prompt;
  const messages = await attachPictures(parts, prompt);
  return {
    chat: { model, messages, maxTokens: answerTokens(space.contextTokens) },
    tools: opened?.tools,
    changes: opened?.changes ?? [],
    model: profile.name,
    canSee: vision,
    picturesTold: prompt.pictures.at(-1)?.length ?? 0,
    isCut,
    droppedThroughSeq: past[dropped - 1]?.seq,
    fill: {
      turnTokens: turnTokens.slice(dropped),
      budgetTokens,
      reservedTokens,
      hasGap: dropped > 0 || fromSeq > coveredSeq,
    },
  };
}

async function attachPictures(
  { files }: SessionParts,
  { messages, pictures }: Prompt,
): Promise<PromptMessage[]> {
  return Promise.all(
    messages.map(async (message, index) => {
      const own = pictures[index] ?? [];
      if (own.length === 0) return message;
      return { ...message, images: await Promise.all(own.map((one) => renderPicture(files, one))) };
    }),
  );
}

export interface OpenedNotes {
  notes: Notes;
  /** The told turns begin after this position. */
  fromSeq: number;
  /** Turns up to this position are summarised, or left behind by a fresh start. */
  coveredSeq: number;
}

/** What stands in the prompt before the turns, and where they begin. */
export async function openNotes({ meta, pins, summaries }: SessionParts): Promise<OpenedNotes> {
  const [pinned, summary] = await Promise.all([pins.all(), summaries.current()]);
  const coveredSeq = Math.max(meta.get("contextFromSeq") ?? 0, summary?.throughSeq ?? 0);
  return {
    notes: { pins: pinned.map((pin) => pin.text), summary: summary?.text },
    fromSeq: Math.max(coveredSeq, meta.get("droppedThroughSeq") ?? 0),
    coveredSeq,
  };
}
