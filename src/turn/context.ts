/**
 * Stage 6: what the model is told. The prompt of a turn begins with the whole prompt of the turn before it, so that the
 * model server's prompt cache holds: the system text never changes, history is only added to, and what changes (the
 * time) stands in the message that brought it. It begins anew only where old turns are dropped or summarised. Pure.
 */
import type { PromptMessage } from "../core/ports.ts";
import { cutMiddle } from "./cut-text.ts";
import { type NoteLimits, type Notes, renderNotes, renderTime, SYSTEM_TEXT } from "./notes.ts";
import { decidePictures, type Picture, picturesWithin } from "./pictures.ts";
import { estimateWithin } from "./token-rate.ts";
import { estimateTokens, IMAGE_TOKENS } from "./tokens.ts";
import { decideWindow } from "./window.ts";

/** What a person said. */
export interface Said {
  /** When it was accepted. */
  atMs: number;
  user: string;
  /** What the person wrote himself, where `user` holds documents as well. */
  written?: string;
  pictures?: readonly Picture[];
}

/** One finished exchange. */
export interface PastTurn extends Said {
  /** Position of the person's message in the session. */
  seq: number;
  assistant: string;
}

/** Longest answer asked for, as a share of the context window. */
const ANSWER_SHARE = 0.25;
const MAX_ANSWER_TOKENS = 2048;
/** Shares of the room for one message, for all pins together, and for the summary. */
const MESSAGE_SHARE = 0.6;
const PINS_SHARE = 0.2;
const SUMMARY_SHARE = 0.125;
const PINS_SPARE_SHARE = 0.4;
const SUMMARY_SPARE_SHARE = 0.25;
/** The time is told again when so much of it has passed. */
const TIME_EVERY_MS = 10 * 60_000;
/** What a message's time takes at most. */
const TIME_TOKENS = 28;

export function answerTokens(contextTokens: number): number {
  return Math.min(MAX_ANSWER_TOKENS, Math.floor(contextTokens * ANSWER_SHARE));
}

export interface PromptSpace {
  contextTokens: number;
  /** Of the model's tokenizer; undefined until it has answered. */
  rate?: number | undefined;
  /** Estimated tokens that are spoken for: of the tools that are offered, for example. */
  reservedTokens?: number;
  /** On whose clocks times are told; UTC where it is left out. */
  zone?: string;
}

/** Estimated tokens for the messages of a prompt. */
export function promptRoom({ contextTokens, rate, reservedTokens = 0 }: PromptSpace): number {
  return estimateWithin(contextTokens - answerTokens(contextTokens), rate) - reservedTokens;
}

/**
 * Longest past message, in estimated tokens: the same in every turn, whatever was learnt of the model's tokenizer since.
 * A new one may be longer while the past leaves room for it.
 */
export function messageTokens(contextTokens: number): number {
  return Math.floor((contextTokens - answerTokens(contextTokens)) * MESSAGE_SHARE);
}

export interface PromptInput extends PromptSpace {
  notes: Notes;
  past: readonly PastTurn[];
  said: Said;
  /** The model can be shown pictures. */
  vision?: boolean;
}

export interface Prompt {
  messages: PromptMessage[];
  /** Of each message, in their order, the pictures that belong to it. */
  pictures: Picture[][];
  /** How many of the past turns at the front are left out. */
  dropped: number;
  /** The message did not fit and lost its middle. */
  isCut: boolean;
  /** Estimated tokens of each past turn, and what all of them may take. */
  turnTokens: number[];
  budgetTokens: number;
}

/** The prompt of a turn: never more than fits into the window beside the answer. */
export function buildPrompt(input: PromptInput): Prompt {
  const { contextTokens, said } = input;
  const maxTokens = messageTokens(contextTokens);
  // The first message and the last one may both be told with their time.
  const spare = promptRoom(input) - estimateTokens(SYSTEM_TEXT) - 2 * TIME_TOKENS;
  const notes = renderNotes(input.notes, limitNotes(contextTokens, spare));
  const maxPictures = input.vision ? picturesWithin(maxTokens) : 0;
  const picturesTokens = Math.min(maxPictures, countPictures(input)) * IMAGE_TOKENS;
  const room = Math.max(0, spare - estimateTokens(notes) - picturesTokens);
  const past = input.past.map((turn) => cutTurn(turn, maxTokens));
  const turnTokens = tokensOf(past);
  const free = room - turnTokens.reduce((sum, tokens) => sum + tokens, 0);
  const user = cutMiddle(said.user, Math.min(room, Math.max(maxTokens, free)));
  const budgetTokens = Math.max(0, room - estimateTokens(user));
  const dropped = decideWindow(turnTokens, budgetTokens);
  const kept = past.slice(dropped);
  const messages = renderMessages(notes, kept, { ...said, user }, input.zone);
  const pictures = placePictures([...kept, said], maxPictures);
  return { messages, pictures, dropped, isCut: user !== said.user, turnTokens, budgetTokens };
}

function countPictures({ past, said }: PromptInput): number {
  return [...past, said].reduce((sum, { pictures = [] }) => sum + pictures.length, 0);
}

/** Beside the messages: the system text first, and an answer after each message but the last. */
function placePictures(said: readonly Said[], maxPictures: number): Picture[][] {
  const told = decidePictures(
    said.map(({ pictures = [] }) => pictures),
    maxPictures,
  );
  return [[], ...told.flatMap((pictures) => [pictures, []])].slice(0, 2 * said.length);
}

/** Longest notes, in estimated tokens: the same in every turn, too. */
export function noteTokens(contextTokens: number): NoteLimits {
  const room = contextTokens - answerTokens(contextTokens);
  return { pins: Math.floor(room * PINS_SHARE), summary: Math.floor(room * SUMMARY_SHARE) };
}

/** Less only where the window is so small that the message itself would have no room. */
function limitNotes(contextTokens: number, spareTokens: number): NoteLimits {
  const { pins, summary } = noteTokens(contextTokens);
  return {
    pins: Math.min(pins, spareTokens * PINS_SPARE_SHARE),
    summary: Math.min(summary, spareTokens * SUMMARY_SPARE_SHARE),
  };
}

function cutTurn(turn: PastTurn, maxTokens: number): PastTurn {
  const [user, assistant] = [turn.user, turn.assistant].map((text) => cutMiddle(text, maxTokens));
  return { ...turn, user: user ?? "", assistant: assistant ?? "" };
}

/** Of each turn, with the time where it is told. A later first turn adds one time at most. */
function tokensOf(past: readonly PastTurn[]): number[] {
  const times = decideTimes(past);
  return past.map(
    ({ user, assistant }, index) =>
      estimateTokens(user) + estimateTokens(assistant) + (times[index] ? TIME_TOKENS : 0),
  );
}

/** Which messages are told with their time: the first, and each that comes a while after the last that was. */
function decideTimes(said: readonly Pick<Said, "atMs">[]): boolean[] {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return said.map(({ atMs }) => {
    if (Math.abs(atMs - toldAtMs) < TIME_EVERY_MS) return false;
    toldAtMs = atMs;
    return true;
  });
}

/** The system text, the turns in order, and what was said last; the notes stand with the first message. */
export function renderMessages(
  notes: string,
  past: readonly PastTurn[],
  said: Said,
  zone?: string,
): PromptMessage[] {
  const times = decideTimes([...past, said]);
  const renderUser = ({ user, atMs }: Said, index: number): PromptMessage => {
    const time = times[index] ? `${renderTime(atMs, zone)}\n` : "";
    return { role: "user", content: (index === 0 ? notes : "") + time + user };
  };
  return [
    { role: "system", content: SYSTEM_TEXT },
    ...past.flatMap((turn, index): PromptMessage[] => [
      renderUser(turn, index),
      { role: "assistant", content: turn.assistant },
    ]),
    renderUser(said, past.length),
  ];
}
