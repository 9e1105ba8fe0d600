/** The same turn in conversations with short and long pasts, one at a time, taken in turn. */
import type { Bench, Box } from "../bench.ts";
import { clockMs } from "../clock.ts";
import { atMost, type Figure } from "../figures.ts";
import type { Plan } from "../plan.ts";
import type { PromptTimes } from "../prompt-times.ts";
import { median } from "../stats.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";

const FIRST_HISTORY_CHAT = 3_000;
const WARM_UP_TURNS = 5;

function chatOf(index: number): number {
  return FIRST_HISTORY_CHAT + index;
}

/** To be run before the box of the bench is first started. The figures are of the longest one's prompt. */
export async function fillHistories(bench: Bench, plan: Plan): Promise<Figure[]> {
  const filler = await bench.startHistoryFiller();
  const figures: Figure[] = [];
  try {
    for (const [index, size] of plan.historySizes.entries()) {
      const path = `/?chat=${chatOf(index)}&messages=${size}`;
      const response = await fetch(filler.url + path, { method: "POST" });
      if (response.status !== 200)
        throw new WrongMeasurement(`The histories: status ${response.status}`);
      const times = (await response.json()) as PromptTimes; // the bench's own Worker answers
      figures.splice(0, 2, ...describePrompts(times, size));
    }
    return figures;
  } finally {
    await filler.stop();
  }
}

function describePrompts({ coldMs, warmMs }: PromptTimes, messages: number): Figure[] {
  const what = `a prompt built in a conversation of ${messages} messages`;
  const target = atMost("value", 10);
  return [
    { what: `${what}, read anew`, value: coldMs, unit: "ms", target },
    { what: `${what}, turns in memory`, value: warmMs, unit: "ms", target },
  ];
}

export async function measureHistory(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const { historySizes, historyTurns } = plan;
  const timesMs = historySizes.map((): number[] => []);
  await bench.rest(box);
  for (let turn = 0; turn < WARM_UP_TURNS + historyTurns; turn += 1)
    for (const [index, times] of timesMs.entries()) {
      const tookMs = await timeTurn(bench, box, chatOf(index));
      if (turn >= WARM_UP_TURNS) times.push(tookMs);
    }
  const [leastMs = Number.NaN] = timesMs.map(median);
  return timesMs.map((times, index) => {
    const value = median(times);
    const figure: Figure = {
      what: `a turn above the model's own time, ${historySizes[index]} messages of history`,
      value,
      unit: "ms",
    };
    if (index === 0) return figure;
    const isLongest = index === historySizes.length - 1;
    return {
      ...figure,
      ratio: value / leastMs,
      ...(isLongest ? { target: atMost("ratio", 1.2) } : {}),
    };
  });
}

async function timeTurn(bench: Bench, box: Box, chatId: number): Promise<number> {
  const messages = bench.messages.make(1, [chatId]);
  await bench.takeModelTimes();
  const sentAtMs = clockMs();
  for (const call of bench.webhooks(messages)) await box.rockpool.post(call);
  await bench.waitForAnswers();
  const [arrivedAtMs] = await bench.arrivals(messages);
  const [modelMs] = await bench.takeModelTimes();
  if (arrivedAtMs === undefined || modelMs === undefined)
    throw new WrongMeasurement("A turn of the history did not reach the model.");
  return arrivedAtMs - sentAtMs - modelMs;
}
