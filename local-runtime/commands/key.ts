/** `rockpool key status|rotate`: the keys that open what is kept. */
import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import type { KeyStatus } from "../../src/core/admin-protocol.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { KeyStatusSchema } from "../admin/admin-client-replies.ts";
import { defineGroup } from "../command-group.ts";
import { dataFolderAt } from "../data-folder.ts";
import { HostError, usageError } from "../host-error.ts";
import { decideKeySource, holdKey, makePassphraseKey } from "../keys/key-source.ts";
import { renderKeyStatus, renderMoved } from "../keys/key-text.ts";
import {
  type KeyedFolder,
  loadMasterKey,
  MASTER_KEY_BYTES,
  masterKeyId,
} from "../keys/master-key.ts";
import {
  KEY_SOURCES,
  type KeySource,
  loadNextKey,
  wrapKey,
  writeNextKey,
} from "../keys/next-key.ts";
import { settleNextKey } from "../keys/settle-key.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { createTerminalInput, type TerminalInput } from "../terminal-input.ts";

interface RotateFlags {
  master: boolean;
  to?: KeySource;
  destroyOld: boolean;
}

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("status")
    .description(
      "Where the master key comes from, how many keys there are, and what is still under old ones.",
    )
    .action(() => runStatus(shell));
  command
    .command("rotate")
    .description(
      "Make a new data key now; one is made every 24 hours anyway. With --master: move to a new master key, while the server runs.",
    )
    .option(
      "--master",
      "a new master key; all data keys are wrapped by it, and nothing stops",
      false,
    )
    .addOption(
      new Option(
        "--to <place>",
        "with --master: where the new one is kept; where the old one was by default",
      ).choices(KEY_SOURCES),
    )
    .option(
      "--destroy-old",
      "with --master: write the old key's file over; it is kept beside as master.key.before-… otherwise. Older backups need it",
      false,
    )
    .action((flags: RotateFlags) => runRotate(shell, flags));
}

function readStatus(adminSocket: string): Promise<KeyStatus> {
  return callAdmin(adminSocket, { method: "GET", path: "/keys", reply: KeyStatusSchema });
}

async function runStatus(shell: Shell): Promise<void> {
  const settings = loadSettings(shell);
  const source = decideKeySource(dataFolderAt(settings.dataDir), settings.options);
  const status = await readStatus(findServer(settings.dataDir).adminSocket);
  shell.print(renderKeyStatus(source, status, Date.now()));
  shell.printJson({ source, ...status });
}

async function runRotate(shell: Shell, flags: RotateFlags): Promise<void> {
  if (!flags.master && (flags.to !== undefined || flags.destroyOld))
    throw usageError("--to and --destroy-old are for a new master key.", "Add --master.");
  if (flags.master) return moveMaster(shell, flags, createTerminalInput());
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const call = { method: "POST", path: "/keys/rotate", reply: KeyStatusSchema } as const;
  const status = await callAdmin(adminSocket, call);
  shell.print("Done: what is written from now on is sealed under a new data key.");
  shell.printJson(status);
}

/** Throws key/*, server/not_running. Whatever is cut off, one of both keys opens everything; running it again goes on. */
async function moveMaster(shell: Shell, flags: RotateFlags, input: TerminalInput): Promise<void> {
  const settings = loadSettings(shell);
  const { adminSocket } = findServer(settings.dataDir);
  const folder = await holdKey(dataFolderAt(settings.dataDir), settings.options, input);
  const present = loadMasterKey(folder);
  if (!present) throw noKey(folder);
  const before = await readStatus(adminSocket);
  if (settleNextKey(folder, present, before.masterId) === "moved") {
    if (loadNextKey(folder)) throw restartFirst();
    shell.print("Done: a move that was cut off is finished.");
    return shell.printJson({ source: "file", ...before });
  }
  const to = flags.to ?? folder.source ?? "file";
  const made = await makeKey(to, input);
  const id = masterKeyId(made.key);
  const wrapped = wrapKey(made.key, present);
  const { destroyOld } = flags;
  const { description: passphrase } = made;
  writeNextKey(folder, { id, wrapped, to, destroyOld, ...(passphrase ? { passphrase } : {}) });
  // Shown before it is in force: whatever is cut off after this, it is not lost.
  if (to === "environment") shell.print(`ROCKPOOL_MASTER_KEY=${made.key.toString("hex")}`);
  const status = await callAdmin(adminSocket, {
    method: "POST",
    path: "/keys/master",
    body: { wrapped, id },
    reply: KeyStatusSchema,
  });
  settleNextKey(folder, present, status.masterId);
  shell.print(renderMoved(to, destroyOld, folder, id));
  const key = to === "environment" ? { key: made.key.toString("hex") } : {};
  shell.printJson({ source: to, ...status, ...key });
}

async function makeKey(
  to: KeySource,
  input: TerminalInput,
): Promise<{ key: Buffer; description?: string }> {
  if (to !== "passphrase") return { key: randomBytes(MASTER_KEY_BYTES) };
  if (!input.isTerminal)
    return makePassphraseKey((await input.readAll()).split(/\r?\n/, 1)[0] ?? "");
  const passphrase = await input.askSecret("New passphrase");
  if ((await input.askSecret("The same again")) !== passphrase)
    throw usageError("The two passphrases differ.", "Run the command again; nothing was changed.");
  return makePassphraseKey(passphrase);
}

function noKey(folder: KeyedFolder): HostError {
  return new HostError({
    code: "key/missing",
    message: `There is no master key in ${folder.root} yet.`,
    fix: "Start the server once (`npm start`): it makes one.",
  });
}

function restartFirst(): HostError {
  return new HostError({
    code: "key/restart_first",
    message: "The server still runs with the master key before the present one.",
    fix: "Start it anew with the present one (`npx rockpool down`, then `npm start`), then run this again.",
  });
}
