/**
 * Whether a box that answers for long grows: workerd's resident memory on the last of many days, to that of the first.
 * A day is people who talk at once, and a night in which nobody does: what workerd and SQLite keep of a conversation
 * that is open (a few megabytes) is given up with it, and not counted as growth.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench, Box } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import { openFiles, residentBytes } from "../process-figures.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";
import { MEGABYTE } from "./memory.ts";

const FIRST_LEAK_CHAT = 5_000;
/** Turns between two looks at the memory. */
const BATCH_TURNS = 500;
/** workerd lets an object go that nobody has called for a little over a minute. */
const NIGHT_TIMEOUT_MS = 240_000;
const LOOK_MS = 1_000;
/** The database of one. */
const CONVERSATION = /\/session\/[0-9a-f]{64}\.sqlite$/;

export interface LeakPlan {
  days: number;
  /** Of each day. */
  turns: number;
  chats: number;
  say(text: string): void;
}

/** The most that was resident: one look may stand before a collection of garbage, the next behind it. */
async function measureDay(bench: Bench, box: Box, { turns, chats }: LeakPlan): Promise<number> {
  const people = chatRange(FIRST_LEAK_CHAT, chats);
  let most = 0;
  for (let made = 0; made < turns; made += BATCH_TURNS) {
    const count = Math.min(BATCH_TURNS, turns - made);
    await runClosedLoop(box.rockpool, bench.webhooks(bench.messages.make(count, people)));
    await bench.waitForAnswers();
    most = Math.max(most, residentBytes(box.workerdPid));
  }
  return most;
}

/** Until no conversation's database is open. */
async function waitForNight(box: Box): Promise<void> {
  const endMs = performance.now() + NIGHT_TIMEOUT_MS;
  while (openFiles(box.workerdPid).some((path) => CONVERSATION.test(path))) {
    if (performance.now() > endMs) throw new WrongMeasurement("A conversation stays open.");
    await sleep(LOOK_MS);
  }
}

export async function measureLeak(bench: Bench, box: Box, plan: LeakPlan): Promise<Figure[]> {
  const sizes: number[] = [];
  while (sizes.length < plan.days) {
    if (sizes.length > 0) await waitForNight(box);
    sizes.push((await measureDay(bench, box, plan)) / MEGABYTE);
    plan.say(`day ${sizes.length} of ${plan.days}: at most ${Math.round(sizes.at(-1) ?? 0)} MB`);
  }
  const [first = 0] = sizes;
  const last = sizes.at(-1) ?? 0;
  const turns = plan.days * plan.turns;
  return [
    {
      what: `workerd's memory on the last of ${plan.days} days, ${turns} turns in ${plan.chats} chats (to the first)`,
      value: last,
      unit: "MB",
      ratio: last / first,
      target: atMost("ratio", 1.1),
    },
  ];
}
