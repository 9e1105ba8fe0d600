/**
 * Which past turns the model is told, and which are summarised. Both move in big steps: as long as the first told turn
 * stays the same, the prompt begins the same, and the model server has it in its cache. Pure.
 */

/** Turns told at most, however short they are. */
export const MAX_PAST_TURNS = 200;
/** What is kept of the budget after old turns are dropped: the next drop is many turns away. */
const KEEP_SHARE = 0.5;
/** A past that fills so much of what it may is summarised, while nobody waits. */
const SUMMARISE_SHARE = 0.6;
/** From here on turns are about to be dropped: a summary is no longer put off for a message. */
const PRESSING_SHARE = 0.85;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Where the turns begin that are no more than `maxTokens` together, counted from the newest. */
function startWithin(turnTokens: readonly number[], maxTokens: number, maxTurns: number): number {
  let kept = 0;
  let start = turnTokens.length;
  while (start > 0 && turnTokens.length - start < maxTurns) {
    kept += turnTokens[start - 1] ?? 0;
    if (kept > maxTokens) break;
    start -= 1;
  }
  return start;
}

/** The first past turn that still fits. All of them, while they do; else the newest ones that fill half of the budget. */
export function decideWindow(turnTokens: readonly number[], budgetTokens: number): number {
  if (sum(turnTokens) <= budgetTokens && turnTokens.length <= MAX_PAST_TURNS) return 0;
  return startWithin(turnTokens, budgetTokens * KEEP_SHARE, MAX_PAST_TURNS * KEEP_SHARE);
}

export interface SummaryStep {
  /** The oldest turns, so many of them, are to be summarised. */
  turns: number;
  /** True where they are about to be dropped. */
  isPressing: boolean;
}

/** The older half of a past that has grown large; undefined while there is room. */
export function decideSummary(
  turnTokens: readonly number[],
  budgetTokens: number,
): SummaryStep | undefined {
  const total = sum(turnTokens);
  const fill = Math.max(total / budgetTokens, turnTokens.length / MAX_PAST_TURNS);
  if (fill < SUMMARISE_SHARE || turnTokens.length < 2) return undefined;
  const start = startWithin(turnTokens, total * KEEP_SHARE, turnTokens.length - 1);
  const turns = Math.min(Math.max(1, start), turnTokens.length - 1);
  return { turns, isPressing: fill >= PRESSING_SHARE };
}
