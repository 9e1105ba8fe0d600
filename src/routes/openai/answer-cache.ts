/**
 * Answers to chats that were asked before, word for word: for API keys that were made with `--cache-answers`, and chats
 * with `temperature` 0, whose answer would be the same. In the isolate's memory only, bounded, for a stated time; an
 * answer is found again under its own person, key and model, and nowhere else.
 */
import { TtlCache } from "../../cache/ttl-cache.ts";
import { type ApiCaller, MAX_CACHE_ANSWERS_MS } from "../../core/api-keys.ts";
import type { ChatRequest, ModelChunk, ToolCall } from "../../core/ports.ts";
import type { AnswerPiece } from "./answer.ts";

/** Answers that are kept; the one that was stored first goes. */
export const MAX_ANSWERS = 200;
/** A longer answer is not kept. */
export const MAX_ANSWER_UNITS = 50_000;
/** Says whether the answer was made for this call. */
export const CACHE_HEADER = "x-rockpool-cache";

interface KeptAnswer {
  text: string;
  calls: ToolCall[];
  model: string;
  untilMs: number;
}

const answers = new TtlCache<KeptAnswer>({
  name: "answers",
  ttlMs: MAX_CACHE_ANSWERS_MS,
  maxEntries: MAX_ANSWERS,
  nowMs: () => Date.now(),
});

export interface CachedAnswer {
  cache: "hit" | "miss";
  open(signal: AbortSignal): AsyncGenerator<AnswerPiece, void>;
}

/** Undefined where this chat is not one whose answers are kept. `model` is the name that answers now. */
export async function openCached(
  { keyName, speaker, cacheAnswersMs }: ApiCaller,
  { caller: _caller, ...chat }: ChatRequest,
  model: string,
  open: (signal: AbortSignal) => AsyncIterable<ModelChunk>,
): Promise<CachedAnswer | undefined> {
  if (cacheAnswersMs === undefined || chat.sampling?.temperature !== 0) return undefined;
  const key = await hashOf([speaker.personId, keyName, model, chat]);
  const kept = answers.get(key);
  if (kept && kept.untilMs > Date.now()) return { cache: "hit", open: () => repeat(kept) };
  const keep = (answer: Omit<KeptAnswer, "untilMs">) =>
    answers.set(key, { ...answer, untilMs: Date.now() + cacheAnswersMs });
  return { cache: "miss", open: (signal) => listen(open(signal), keep) };
}

async function hashOf(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64();
}

/** Nothing was spent on it. */
async function* repeat({ text, calls, model }: KeptAnswer): AsyncGenerator<AnswerPiece, void> {
  if (text !== "") yield { kind: "text", text };
  for (const call of calls) yield { kind: "tool_call", call };
  const usage = { model, promptTokens: 0, outputTokens: 0, firstTokenMs: 0, totalMs: 0 };
  yield { kind: "done", reason: "stop", usage };
}

/** Whole answers are kept: one that was cut by its length, or broke off, is none. */
async function* listen(
  chunks: AsyncIterable<ModelChunk>,
  keep: (answer: Omit<KeptAnswer, "untilMs">) => void,
): AsyncGenerator<AnswerPiece, void> {
  let text = "";
  const calls: ToolCall[] = [];
  for await (const chunk of chunks) {
    if (chunk.kind === "text" && text.length <= MAX_ANSWER_UNITS) text += chunk.text;
    if (chunk.kind === "tool_call") calls.push(chunk.call);
    const isWhole = chunk.kind === "done" && chunk.reason === "stop";
    if (isWhole && text.length + JSON.stringify(calls).length <= MAX_ANSWER_UNITS)
      keep({ text, calls, model: chunk.usage.model });
    yield chunk;
  }
}
