/**
 * Rockpool with another front: it plays 200 conversations that all want a slot of one model server, against the real
 * GateObject in workerd. The model is a wait. Runs on a folder of the bench, in place of Rockpool.
 */
import type { Ticket } from "../../src/core/gate-protocol.ts";
import type { Priority } from "../../src/core/ports.ts";
import { openGate } from "../../src/do/gate/gate-client.ts";
import type { Env } from "../../src/env.ts";
import type { GateRun } from "./gate-run.ts";

export * from "../../src/index.ts";

const SLOTS = 4;
/** Conversations of each person: some want much, some little; 200 together. */
const CONVERSATIONS = [10, ...Array.from({ length: 19 }, (_, index) => index + 1)];
const LEAST_SLOT_MS = 20;
const MOST_SLOT_MS = 60;
const URGENT_EVERY_MS = 200;
const HOLD_MS = 3_000;
/** Calls of a gate that nobody else uses. */
const PLAIN_CALLS = 1_000;

type Gate = ReturnType<typeof openGate>;

function newTicket(personId: string, priority: Priority): Ticket {
  return { id: crypto.randomUUID(), personId, priority };
}

/** Waits for a slot and holds it; how long either took, undefined where the time was over first. */
async function holdSlot(gate: Gate, ticket: Ticket, slotMs: number, untilMs: number) {
  const startedAtMs = Date.now();
  for (;;) {
    const { status } = await gate.acquire(ticket, SLOTS, Math.min(HOLD_MS, untilMs - Date.now()));
    if (status === "granted") break;
    if (Date.now() >= untilMs) {
      await gate.release(ticket.id, 0);
      return undefined;
    }
  }
  const grantedAtMs = Date.now();
  await scheduler.wait(slotMs);
  await gate.release(ticket.id, 0);
  return { waitedMs: grantedAtMs - startedAtMs, heldMs: Date.now() - grantedAtMs };
}

async function playLine(gate: Gate, seconds: number): Promise<Omit<GateRun, "plainMs">> {
  const untilMs = Date.now() + seconds * 1_000;
  const peopleMs = CONVERSATIONS.map(() => 0);
  const grants: number[] = [];
  const urgentWaitsMs: number[] = [];
  const converse = async (person: number, conversation: number) => {
    while (Date.now() < untilMs) {
      const slotMs = LEAST_SLOT_MS + Math.random() * (MOST_SLOT_MS - LEAST_SLOT_MS);
      const held = await holdSlot(gate, newTicket(`p${person}`, "interactive"), slotMs, untilMs);
      if (!held) return;
      peopleMs[person] = (peopleMs[person] ?? 0) + held.heldMs;
      grants[conversation] = (grants[conversation] ?? 0) + 1;
    }
  };
  const hurry = async () => {
    while (Date.now() < untilMs) {
      await scheduler.wait(URGENT_EVERY_MS);
      const held = await holdSlot(gate, newTicket("urgent", "urgent"), LEAST_SLOT_MS, untilMs);
      if (held) urgentWaitsMs.push(held.waitedMs);
    }
  };
  const talks = CONVERSATIONS.flatMap((count, person) => Array<number>(count).fill(person)).map(
    (person, conversation) => {
      grants[conversation] = 0;
      return converse(person, conversation);
    },
  );
  await Promise.all([...talks, hurry()]);
  return { peopleMs, grants, urgentWaitsMs, mostSlotMs: MOST_SLOT_MS };
}

async function timePlainCalls(gate: Gate): Promise<number> {
  const startedAtMs = Date.now();
  for (let call = 0; call < PLAIN_CALLS; call += 1) {
    const ticket = newTicket("p", "interactive");
    await gate.acquire(ticket, SLOTS, HOLD_MS);
    await gate.release(ticket.id, 0);
  }
  return (Date.now() - startedAtMs) / PLAIN_CALLS;
}

/** GET /?seconds=… */
const player: ExportedHandler<Env> = {
  async fetch(request, env) {
    const seconds = Number(new URL(request.url).searchParams.get("seconds"));
    const plainMs = await timePlainCalls(openGate(env, "plain"));
    const line = await playLine(openGate(env, "line"), seconds);
    return Response.json({ ...line, plainMs } satisfies GateRun);
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker's handlers from the default export
export default player;
