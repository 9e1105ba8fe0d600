/** The desk in the terminal: who was handed over to a person, a word to one, and giving one back to the model. */
import * as v from "valibot";
import type { HandoverSummary } from "../src/core/handover.ts";
import { callAdmin, findServer } from "./admin/admin-client.ts";
import { HandoversSchema } from "./admin/admin-client-replies.ts";
import { renderTable } from "./channel-text.ts";
import { usageError } from "./host-error.ts";
import { readWords } from "./read-words.ts";
import { loadSettings } from "./settings.ts";
import type { Shell } from "./shell.ts";

export async function listWaiting(shell: Shell): Promise<void> {
  const waiting = await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "GET",
    path: "/handovers",
    reply: HandoversSchema,
  });
  shell.print(renderWaiting(waiting));
  shell.printJson(waiting);
}

export function renderWaiting(waiting: readonly HandoverSummary[]): string {
  if (waiting.length === 0) return "Nobody waits for a person.";
  const rows = waiting.map(({ number, name, channel, flow, openedAtMs, answeredBy }) => [
    String(number),
    name,
    channel,
    flow,
    new Date(openedAtMs).toISOString().slice(0, 16).replace("T", " "),
    answeredBy ?? "-",
  ]);
  const table = renderTable([
    ["NUMBER", "NAME", "CHANNEL", "FLOW", "SINCE (UTC)", "ANSWERED BY"],
    ...rows,
  ]);
  return `${table}\n\`npx rockpool flow reply <number> <text>\` answers, \`npx rockpool flow done <number>\` ends it.`;
}

export async function sendAnswer(
  shell: Shell,
  number: string,
  words: readonly string[],
): Promise<void> {
  const path = `${pathOf(number)}/answers`;
  const text = await readWords(words, "npx rockpool flow reply 3 Good morning.");
  await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "POST",
    path,
    body: { text },
    reply: v.object({ sent: v.literal(true) }),
  });
  shell.print(`Sent to ${Number(number)}.`);
  shell.printJson({ sent: { number: Number(number) } });
}

export async function endHandover(shell: Shell, number: string): Promise<void> {
  await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "DELETE",
    path: pathOf(number),
    reply: v.object({ ended: v.literal(true) }),
  });
  shell.print(`${Number(number)} has the assistant again.`);
  shell.printJson({ ended: { number: Number(number) } });
}

function pathOf(number: string): string {
  if (!/^\d{1,9}$/.test(number))
    throw usageError("That is no number.", "`npx rockpool flow waiting` lists the numbers.");
  return `/handovers/${number}`;
}
