/** workerd's resident memory with all sessions in the middle of a turn, and after many messages. */
import type { Bench, Box } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { runClosedLoop } from "../load.ts";
import { chatRange } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { residentBytes } from "../process-figures.ts";
import { FIRST_ACCEPT_CHAT, waitForHeld } from "./accept.ts";

export const MEGABYTE = 1024 * 1024;

/** To be run on a box that has done nothing yet. */
export async function measureMemory(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const { sessions, memoryMessages } = plan;
  const chats = chatRange(FIRST_ACCEPT_CHAT, sessions);
  const send = (count: number) =>
    runClosedLoop(box.rockpool, bench.webhooks(bench.messages.make(count, chats)));
  await bench.holdModel(true);
  await send(sessions);
  await waitForHeld(bench, sessions);
  const activeBytes = residentBytes(box.workerdPid);
  await bench.holdModel(false);
  await bench.waitForAnswers();
  await send(memoryMessages);
  await bench.waitForAnswers();
  await bench.rest(box);
  return [
    {
      what: `workerd's memory, ${sessions} sessions active`,
      value: activeBytes / MEGABYTE,
      unit: "MB",
      target: atMost("value", 300),
    },
    {
      what: `workerd's memory after ${memoryMessages} messages in ${sessions} chats`,
      value: residentBytes(box.workerdPid) / MEGABYTE,
      unit: "MB",
    },
  ];
}
