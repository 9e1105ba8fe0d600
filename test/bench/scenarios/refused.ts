/** What a flood of webhook calls with a wrong secret costs: workerd's processor time for each, beside a bare route's. */
import { type Bench, type Box, WEBHOOK_PATH } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { type Call, Caller, runClosedLoop } from "../load.ts";
import type { Plan } from "../plan.ts";
import { processorMs } from "../process-figures.ts";

/** Not genuine; and soon, from one address, too many. */
const REFUSED = [401, 403, 429];
const body = Buffer.from(JSON.stringify({ update_id: 1, message: { text: "forged" } }));

export async function measureRefused(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const forger = new Caller(box.url, { "x-telegram-bot-api-secret-token": "wrong" }, REFUSED);
  const calls = (path: string): Call[] =>
    Array.from({ length: plan.plainCalls }, () => ({ path, body }));
  const millisecondsEach = async (caller: Caller, path: string): Promise<number> => {
    await bench.rest(box);
    const beforeMs = processorMs(box.workerdPid);
    await runClosedLoop(caller, calls(path));
    return (processorMs(box.workerdPid) - beforeMs) / plan.plainCalls;
  };
  try {
    await millisecondsEach(forger, WEBHOOK_PATH);
    const plain = await millisecondsEach(box.floor, "/plain");
    const refused = await millisecondsEach(forger, WEBHOOK_PATH);
    return [
      {
        what: "processor time of a forged webhook (to a bare route)",
        value: refused,
        unit: "ms",
        ratio: refused / plain,
        target: atMost("value", 0.2),
      },
    ];
  } finally {
    forger.close();
  }
}
