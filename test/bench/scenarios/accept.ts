/** Webhooks accepted a second while the model is held, each round beside the floor of the same minute. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench, Box } from "../bench.ts";
import { atLeast, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { median, percentile } from "../stats.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";
import { measureFloor } from "./floor-writes.ts";

export const FIRST_ACCEPT_CHAT = 1_000;
const HOLD_TIMEOUT_MS = 30_000;

interface Round {
  plain: number;
  write: number;
  writeWithAlarm: number;
  accepted: number;
  latenciesMs: number[];
}

export async function measureAccept(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const rounds: Round[] = [];
  // The first round only warms up.
  for (let round = 0; round <= plan.acceptRounds; round += 1) {
    const measured = await runRound(bench, box, plan);
    if (round > 0) rounds.push(measured);
  }
  const middle = (pick: (round: Round) => number) => median(rounds.map(pick));
  const latenciesMs = rounds.flatMap((round) => round.latenciesMs);
  return [
    { what: "bare Hono route", value: middle((round) => round.plain), unit: "/s" },
    {
      what: "bare write in an object (to the route)",
      value: middle((round) => round.write),
      unit: "/s",
      ratio: middle((round) => round.write / round.plain),
    },
    {
      what: "bare write with an alarm (to the write)",
      value: middle((round) => round.writeWithAlarm),
      unit: "/s",
      ratio: middle((round) => round.writeWithAlarm / round.write),
    },
    {
      what: `webhooks accepted, ${plan.sessions} chats (to the write with an alarm)`,
      value: middle((round) => round.accepted),
      unit: "/s",
      ratio: middle((round) => round.accepted / round.writeWithAlarm),
      target: atLeast("ratio", 0.8),
    },
    { what: "webhook to 200, p50, closed loop", value: median(latenciesMs), unit: "ms" },
    { what: "webhook to 200, p99, closed loop", value: percentile(latenciesMs, 0.99), unit: "ms" },
  ];
}

async function runRound(bench: Bench, box: Box, plan: Plan): Promise<Round> {
  const { sessions, writeCalls } = plan;
  const chats = chatRange(FIRST_ACCEPT_CHAT, sessions);
  const primers = bench.messages.make(sessions, chats);
  const messages = bench.messages.make(plan.acceptMessages, chats);
  const [sample] = messages;
  if (!sample) throw new WrongMeasurement("A round needs messages.");
  await bench.rest(box);
  const plain = await measureFloor(box, "plain", plan.plainCalls, sessions, sample);
  const write = await measureFloor(box, "write", writeCalls, sessions, sample);
  const withAlarm = await measureFloor(box, "write-with-alarm", writeCalls, sessions, sample);
  await bench.holdModel(true);
  await runClosedLoop(box.rockpool, bench.webhooks(primers));
  await waitForHeld(bench, sessions);
  const accepted = await runClosedLoop(box.rockpool, bench.webhooks(messages));
  await bench.holdModel(false);
  await bench.waitForAnswers();
  return {
    plain: plain.perSecond,
    write: write.perSecond,
    writeWithAlarm: withAlarm.perSecond,
    accepted: accepted.perSecond,
    latenciesMs: accepted.latenciesMs,
  };
}

/** Every chat has a turn that waits for the model: what comes now only waits behind it. */
export async function waitForHeld(bench: Bench, sessions: number): Promise<void> {
  const endMs = performance.now() + HOLD_TIMEOUT_MS;
  while ((await bench.heldChats()) < sessions) {
    if (performance.now() > endMs)
      throw new WrongMeasurement("Not every conversation has called the model.");
    await sleep(20);
  }
}
