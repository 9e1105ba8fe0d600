/** `rockpool person erase`: begins an erasure, waits for its end, and keeps the receipt. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import * as v from "valibot";
import type { ErasureReceipt } from "../../src/core/erasure.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { EXIT, HostError, usageError } from "../host-error.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { ErasureStateSchema } from "./receipt.ts";

const POLL_MS = 200;
/** An erasure goes on by itself, however long it takes; the command waits no longer. */
const PATIENCE_MS = 5 * 60_000;

interface EraseFlags {
  yes?: boolean;
  out?: string;
}

export function defineErase(command: Command, shell: Shell): void {
  command
    .command("erase")
    .description(
      "Erase everything of a person, on every channel, for good, with a signed receipt: conversations, files, reminders, memory, API keys, names. In groups what others said stays. Backups made before still hold it.",
    )
    .argument("<person>", "by id, or by a name that nobody else has; who was removed, by id")
    .option("--yes", "do it: it cannot be undone")
    .option("--out <file>", "write the receipt into a file")
    .action((person: string, flags: EraseFlags) => runErase(shell, person, flags));
}

async function runErase(shell: Shell, person: string, { yes, out }: EraseFlags): Promise<void> {
  if (!yes)
    throw usageError(
      "This erases everything of the person, and cannot be undone.",
      "`npx rockpool person export` keeps a copy; run it again with --yes to erase.",
    );
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const { personId } = await callAdmin(adminSocket, {
    method: "POST",
    path: `/people/${encodeURIComponent(person)}/erase`,
    reply: v.object({ personId: v.string() }),
  });
  const receipt = await waitForReceipt(adminSocket, personId);
  if (out !== undefined) writeFileAtomic(argumentPath(shell, out), `${JSON.stringify(receipt)}\n`);
  shell.print(renderReceipt(receipt));
  shell.printJson(receipt);
}

async function waitForReceipt(adminSocket: string, personId: string): Promise<ErasureReceipt> {
  const path = `/people/${personId}/erasure`;
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const state = await callAdmin(adminSocket, { method: "GET", path, reply: ErasureStateSchema });
    if (state.status === "done") return state.receipt;
    if (performance.now() > endMs)
      throw notDone(personId, state.status === "running" ? state.code : undefined);
    await sleep(POLL_MS);
  }
}

function notDone(personId: string, code: string | undefined): HostError {
  return new HostError({
    code: "person/erasing",
    message: `The erasure goes on, and is not done yet${code === undefined ? "" : ` (${code})`}.`,
    fix: `It continues by itself, also after a restart: \`npx rockpool person erase ${personId} --yes\` waits for its end, and \`npx rockpool logs\` says what it meets.`,
    exitStatus: EXIT.temporary,
  });
}

function renderReceipt(receipt: ErasureReceipt): string {
  const { person_id: id, conversations, messages, files, identities, finished_at: at } = receipt;
  return [
    `Erased ${id} at ${at}: ${messages} messages in ${conversations} conversations, ${files} files, ${identities} identities.`,
    "The receipt is signed with the key of the audit log:",
    JSON.stringify(receipt),
  ].join("\n");
}
