/**
 * Older turns in short, written by the model while nobody waits: what is asked of it, and what is kept of its answer.
 * The request follows the turns as they were told, so that the model server has most of it in its cache. Pure.
 */
import type { PromptMessage } from "../core/ports.ts";
import { buildPrompt, noteTokens, type PastTurn, type PromptSpace } from "./context.ts";
import { cutEnd } from "./cut-text.ts";
import type { Notes } from "./notes.ts";

const REQUEST =
  "Leave the conversation for a moment. Summarise all of it so far, for your own memory, in at most 150 words, in the language that was spoken: who the people are, facts, names, numbers and wishes they stated, what was decided, what is still open. Take over what matters of the earlier summary. No greeting, no advice, nothing but the summary.";

/** Longest summary asked for, in the model's tokens, and its share of what a summary may take in the prompt. */
const MAX_SUMMARY_TOKENS = 400;
const ASKED_SHARE = 0.6;

export interface SummaryInput extends PromptSpace {
  notes: Notes;
  /** The turns to be summarised: the oldest that are told. */
  past: readonly PastTurn[];
}

export interface SummaryRequest {
  messages: PromptMessage[];
  maxTokens: number;
}

export function buildSummaryRequest(input: SummaryInput): SummaryRequest {
  const atMs = input.past.at(-1)?.atMs ?? 0;
  const { messages } = buildPrompt({ ...input, said: { atMs, user: REQUEST } });
  const asked = Math.floor(noteTokens(input.contextTokens).summary * ASKED_SHARE);
  return { messages, maxTokens: Math.min(MAX_SUMMARY_TOKENS, asked) };
}

/** What is kept of the answer, or undefined where it says nothing. It is a model's words: told again as a quotation only. */
export function parseSummary(answer: string, contextTokens: number): string | undefined {
  const text = answer.toWellFormed().trim();
  return text === "" ? undefined : cutEnd(text, noteTokens(contextTokens).summary);
}
