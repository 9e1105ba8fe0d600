/** Whether a box that answers for long grows: workerd's resident memory after so many turns, to that after the first tenth. */
import type { Bench, Box } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import { residentBytes } from "../process-figures.ts";
import { MEGABYTE } from "./memory.ts";

const FIRST_LEAK_CHAT = 5_000;
/** Turns between two looks at the memory. */
const BATCH_TURNS = 500;

export interface LeakPlan {
  turns: number;
  chats: number;
  say(text: string): void;
}

/** Resident memory after each batch, without waiting for the box to rest: it never does. */
async function watchMemory(bench: Bench, box: Box, plan: LeakPlan): Promise<number[]> {
  const chats = chatRange(FIRST_LEAK_CHAT, plan.chats);
  const sizes: number[] = [];
  while (sizes.length * BATCH_TURNS < plan.turns) {
    await runClosedLoop(box.rockpool, bench.webhooks(bench.messages.make(BATCH_TURNS, chats)));
    await bench.waitForAnswers();
    sizes.push(residentBytes(box.workerdPid));
    const turns = sizes.length * BATCH_TURNS;
    if (turns % 5_000 === 0)
      plan.say(`${turns} turns: ${Math.round((sizes.at(-1) ?? 0) / MEGABYTE)} MB`);
  }
  return sizes;
}

/** The greatest of a part of the run: one batch may stand before a collection of garbage, the next behind it. */
function greatest(sizes: readonly number[]): number {
  return sizes.reduce((most, size) => Math.max(most, size), 0);
}

export async function measureLeak(bench: Bench, box: Box, plan: LeakPlan): Promise<Figure[]> {
  const sizes = await watchMemory(bench, box, plan);
  const tenth = Math.max(1, Math.floor(sizes.length / 10));
  const first = greatest(sizes.slice(0, tenth));
  const last = greatest(sizes.slice(-tenth));
  return [
    {
      what: `workerd's memory at the end of ${plan.turns} turns in ${plan.chats} chats (to the first tenth)`,
      value: last / MEGABYTE,
      unit: "MB",
      ratio: last / first,
      target: atMost("ratio", 1.1),
    },
  ];
}
