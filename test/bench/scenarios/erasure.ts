/** How long erasing a person takes who has written for years, on two channels: from the owner's call to the receipt. */
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { callAdmin, findServer } from "../../../local-runtime/admin/admin-client.ts";
import { ErasureStateSchema } from "../../../local-runtime/person/receipt.ts";
import type { ErasureReceipt } from "../../../src/core/erasure.ts";
import type { Bench } from "../bench.ts";
import { clockMs } from "../clock.ts";
import { atMost, type Figure } from "../figures.ts";
import type { Plan } from "../plan.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";

const CONVERSATIONS = 2;
const POLL_MS = 20;
/** An erasure that takes longer goes on by itself; its figure would say nothing. */
const PATIENCE_MS = 60_000;

const FilledSchema = v.object({ personId: v.string() });

/** To be run while no box of the bench is up. */
export async function measureErasure(bench: Bench, plan: Plan): Promise<Figure[]> {
  const messages = plan.erasedMessages;
  const personId = await fillPerson(bench, messages);
  const box = await bench.startBox();
  try {
    await bench.rest(box);
    const beganMs = clockMs();
    const receipt = await erase(bench, personId);
    const value = clockMs() - beganMs;
    if (receipt.messages !== messages || receipt.conversations !== CONVERSATIONS)
      throw new WrongMeasurement(
        `Of ${messages} messages in ${CONVERSATIONS} conversations ${receipt.messages} in ${receipt.conversations} were erased.`,
      );
    const what = `a person with ${messages} messages on two channels erased, to the receipt`;
    return [{ what, value, unit: "ms", target: atMost("value", 5_000) }];
  } finally {
    await box.stop();
  }
}

async function fillPerson(bench: Bench, messages: number): Promise<string> {
  const filler = await bench.startPersonFiller();
  try {
    const response = await fetch(`${filler.url}/?messages=${messages}`, { method: "POST" });
    if (response.status !== 200) throw new WrongMeasurement(`The person: ${response.status}`);
    return v.parse(FilledSchema, await response.json()).personId;
  } finally {
    await filler.stop();
  }
}

async function erase(bench: Bench, personId: string): Promise<ErasureReceipt> {
  const { adminSocket } = findServer(bench.dataDir);
  const path = `/people/${personId}`;
  const reply = v.object({ personId: v.string() });
  await callAdmin(adminSocket, { method: "POST", path: `${path}/erase`, reply });
  const call = { method: "GET", path: `${path}/erasure`, reply: ErasureStateSchema } as const;
  const endMs = clockMs() + PATIENCE_MS;
  while (clockMs() < endMs) {
    const state = await callAdmin(adminSocket, call);
    if (state.status === "done") return state.receipt;
    await sleep(POLL_MS);
  }
  throw new WrongMeasurement(`The erasure was not done within ${PATIENCE_MS} ms.`);
}
