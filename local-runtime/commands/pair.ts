/** `rockpool pair list|approve|deny`: who of the strangers that wrote may talk to the assistant. */
import type { Command } from "commander";
import type { PendingPairing } from "../../src/core/admin-protocol.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { PairingDecidedSchema, PendingPairingsSchema } from "../admin/admin-client-replies.ts";
import { renderTable } from "../channel-text.ts";
import { defineGroup } from "../command-group.ts";
import { usageError } from "../host-error.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

const CODE_PATTERN = /^[A-Za-z0-9]{8}$/;

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("list")
    .description("List the strangers that wait.")
    .action(() => runList(shell));
  for (const decision of ["approve", "deny"] as const)
    command
      .command(decision)
      .description(
        decision === "approve" ? "Let a stranger in, by code." : "Turn a stranger away, by code.",
      )
      .argument("<code>", "the 8 characters that the stranger was sent")
      .action((code: string) => runDecide(shell, decision, code));
}

async function runList(shell: Shell): Promise<void> {
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const pending = await callAdmin(adminSocket, {
    method: "GET",
    path: "/pairings",
    reply: PendingPairingsSchema,
  });
  shell.print(renderPending(pending, Date.now()));
  shell.printJson(pending);
}

function renderPending(pending: readonly PendingPairing[], nowMs: number): string {
  if (pending.length === 0) return "Nobody waits.";
  const rows = pending.map(({ code, senderName, channel, account, expiresAtMs }) => [
    code,
    printable(senderName),
    `${channel}/${account}`,
    `${Math.max(0, Math.ceil((expiresAtMs - nowMs) / 60_000))} min`,
  ]);
  return renderTable([["CODE", "NAME", "ACCOUNT", "EXPIRES IN"], ...rows]);
}

async function runDecide(shell: Shell, decision: "approve" | "deny", code: string): Promise<void> {
  if (!CODE_PATTERN.test(code))
    throw usageError("That is no pairing code.", "A code has 8 letters and digits.");
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const decided = await callAdmin(adminSocket, {
    method: "POST",
    path: `/pairings/${code.toUpperCase()}/${decision}`,
    reply: PairingDecidedSchema,
  });
  const { senderName, channel, account } = decided;
  const outcome = decided.decision === "approved" ? "may write now" : "was turned away";
  shell.print(`${printable(senderName)} (${channel}/${account}) ${outcome}.`);
  shell.printJson(decided);
}

/** A stranger chooses his name: it must not steer the terminal. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "");
}
