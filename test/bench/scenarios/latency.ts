/** What a turn adds to the model's own time, at a steady pace that no box of one household reaches. */
import type { Bench, Box } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { runClosedLoop, runOpenLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { median, percentile } from "../stats.ts";
import { FIRST_TURN_CHAT } from "./turns.ts";

const TURNS_PER_SECOND = 20;

export async function measureLatency(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const chats = chatRange(FIRST_TURN_CHAT, plan.turnChats);
  await runClosedLoop(box.rockpool, bench.webhooks(bench.messages.make(plan.turnChats, chats)));
  await bench.waitForAnswers();
  await bench.rest(box);
  await bench.takeModelTimes();
  const messages = bench.messages.make(plan.latencySeconds * TURNS_PER_SECOND, chats);
  const { sentAtMs } = await runOpenLoop(box.rockpool, bench.webhooks(messages), TURNS_PER_SECOND);
  await bench.waitForAnswers();
  const modelMs = median(await bench.takeModelTimes());
  const arrivals = await bench.arrivals(messages);
  const added = arrivals.map((atMs, index) => atMs - (sentAtMs[index] ?? 0) - modelMs);
  const what = `a turn above the model's own ${modelMs.toFixed(1)} ms, ${TURNS_PER_SECOND}/s open loop`;
  return [
    { what: `${what}, p50`, value: median(added), unit: "ms", target: atMost("value", 10) },
    {
      what: `${what}, p99`,
      value: percentile(added, 0.99),
      unit: "ms",
      target: atMost("value", 50),
    },
  ];
}
