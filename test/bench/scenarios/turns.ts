/** Whole turns a second, from the webhook to the answer at Telegram, and what a message costs in processor time. */
import type { Bench, Box } from "../bench.ts";
import { atLeast, atMost, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { processorMs } from "../process-figures.ts";
import { median } from "../stats.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";
import { measureFloor } from "./floor-writes.ts";

export const FIRST_TURN_CHAT = 2_000;

interface Round {
  writeWithAlarm: number;
  turns: number;
  processorMs: number;
}

export async function measureTurns(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const rounds: Round[] = [];
  // The first round only warms up.
  for (let round = 0; round <= plan.turnRounds; round += 1) {
    const measured = await runRound(bench, box, plan);
    if (round > 0) rounds.push(measured);
  }
  return [
    {
      what: `whole turns, ${plan.turnChats} chats (to the write with an alarm)`,
      value: median(rounds.map((round) => round.turns)),
      unit: "/s",
      ratio: median(rounds.map((round) => round.turns / round.writeWithAlarm)),
      target: atLeast("ratio", 0.25),
    },
    {
      what: "workerd's processor time for a message",
      value: median(rounds.map((round) => round.processorMs)),
      unit: "ms",
      target: atMost("value", 5),
    },
  ];
}

async function runRound(bench: Bench, box: Box, plan: Plan): Promise<Round> {
  const { turnChats, turnMessages, writeCalls } = plan;
  const chats = chatRange(FIRST_TURN_CHAT, turnChats);
  const primers = bench.messages.make(turnChats, chats);
  await runClosedLoop(box.rockpool, bench.webhooks(primers));
  await bench.waitForAnswers();
  await bench.rest(box);
  const [sample] = primers;
  if (!sample) throw new WrongMeasurement("A round needs chats.");
  const floor = await measureFloor(box, "write-with-alarm", writeCalls, turnChats, sample);
  const messages = bench.messages.make(turnMessages, chats);
  const beforeMs = processorMs(box.workerdPid);
  const { startedAtMs } = await runClosedLoop(box.rockpool, bench.webhooks(messages));
  await bench.waitForAnswers();
  const arrivals = await bench.arrivals(messages);
  // The log rows of these messages are part of what they cost.
  await bench.rest(box);
  return {
    writeWithAlarm: floor.perSecond,
    turns: (turnMessages * 1000) / (Math.max(...arrivals) - startedAtMs),
    processorMs: (processorMs(box.workerdPid) - beforeMs) / turnMessages,
  };
}
