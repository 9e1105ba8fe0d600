/**
 * Stage 6: what the model is told. The prompt begins the same from turn to turn (system text, then history in order),
 * so that the model server's prompt cache holds; old turns are dropped in big steps for the same reason. Pure.
 */
import type { PromptMessage } from "../core/ports.ts";

/** One finished exchange. */
export interface PastTurn {
  /** Position of the person's message in the session. */
  seq: number;
  user: string;
  assistant: string;
}

/** What is kept of the budget after old turns are dropped: the next drop is many turns away. */
const KEEP_SHARE = 0.5;
/** Tokens that a message costs besides its text. */
const MESSAGE_TOKENS = 6;
/** Longest answer asked for, as a share of the context window. */
const ANSWER_SHARE = 0.25;
const MAX_ANSWER_TOKENS = 2048;

/** Tokens of a text, estimated without a tokenizer on the safe side: 3 Latin characters or 1 other one a token. */
export function estimateTokens(text: string): number {
  let thirds = 0;
  for (let index = 0; index < text.length; index += 1) thirds += thirdsOf(text, index);
  return Math.ceil(thirds / 3) + MESSAGE_TOKENS;
}

/** What a character counts, in thirds of a token. */
function thirdsOf(text: string, index: number): number {
  return text.charCodeAt(index) < 0x2e80 ? 1 : 3;
}

export function answerTokens(contextTokens: number): number {
  return Math.min(MAX_ANSWER_TOKENS, Math.floor(contextTokens * ANSWER_SHARE));
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The system text: short, and the same for a whole day. */
export function systemText(nowMs: number): string {
  const now = new Date(nowMs);
  const day = `${WEEKDAYS[now.getUTCDay()]}, ${now.toISOString().slice(0, 10)}`;
  return `You are Rockpool, a private assistant that runs on its owner's own machine. Answer in the language of the last message, to the point, in Markdown. Say so when you do not know something. You cannot browse the web. Today is ${day} (UTC).`;
}

function tokensOf(turn: PastTurn): number {
  return estimateTokens(turn.user) + estimateTokens(turn.assistant);
}

/**
 * The first past turn that still fits. All of them, while they do; else the newest ones that fill half of the budget,
 * so that the start of the prompt moves seldom.
 */
export function decideWindow(past: readonly PastTurn[], budgetTokens: number): number {
  const total = past.reduce((sum, turn) => sum + tokensOf(turn), 0);
  if (total <= budgetTokens) return 0;
  let kept = 0;
  let start = past.length;
  for (let index = past.length - 1; index >= 0; index -= 1) {
    const turn = past[index];
    kept += turn ? tokensOf(turn) : 0;
    if (kept > budgetTokens * KEEP_SHARE) break;
    start = index;
  }
  return start;
}

export interface PromptInput {
  system: string;
  past: readonly PastTurn[];
  user: string;
  contextTokens: number;
}

/** The prompt, and how many of the past turns at the front it leaves out. A message that is too long is cut in the middle. */
export function buildPrompt(input: PromptInput): { messages: PromptMessage[]; dropped: number } {
  const room =
    input.contextTokens - answerTokens(input.contextTokens) - estimateTokens(input.system);
  const user = cutMiddle(input.user, room);
  const dropped = decideWindow(input.past, Math.max(0, room - estimateTokens(user)));
  const messages: PromptMessage[] = [{ role: "system", content: input.system }];
  for (const turn of input.past.slice(dropped))
    messages.push(
      { role: "user", content: turn.user },
      { role: "assistant", content: turn.assistant },
    );
  messages.push({ role: "user", content: user });
  return { messages, dropped };
}

/** Stands for what is cut out of a message. */
const CUT_MARK = "\n[…]\n";

/** Keeps the beginning and the end: a question mostly stands at one of them. */
function cutMiddle(text: string, budgetTokens: number): string {
  if (estimateTokens(text) <= budgetTokens) return text;
  const roomThirds = ((budgetTokens - estimateTokens(CUT_MARK)) * 3) / 2;
  let head = 0;
  for (let left = roomThirds - thirdsOf(text, 0); left >= 0; left -= thirdsOf(text, head))
    head += 1;
  let tail = text.length;
  for (
    let left = roomThirds - thirdsOf(text, tail - 1);
    left >= 0;
    left -= thirdsOf(text, tail - 1)
  )
    tail -= 1;
  return (text.slice(0, head) + CUT_MARK + text.slice(tail)).toWellFormed();
}
