/** `rockpool backup key`: makes the recovery key, takes one over, or says which one is in use. */
import { existsSync } from "node:fs";
import { EXIT, HostError, usageError } from "../host-error.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { openFolder } from "../supervisor/server.ts";
import { askRecoveryKey } from "./ask-recovery-key.ts";
import { type BoxKeys, loadBoxKeys, makeRecoveryKey, writeBoxKeys } from "./recovery-key.ts";

interface KeyFlags {
  new?: boolean;
  set?: string;
}

export async function runKey(shell: Shell, flags: KeyFlags): Promise<void> {
  const { dataDir } = loadSettings(shell);
  if (flags.new && flags.set !== undefined)
    throw usageError("--new and --set exclude each other.", "Give one of them.");
  if (!existsSync(dataDir))
    throw new HostError({
      code: "backup/no_data",
      message: `There is no data folder at ${dataDir} yet.`,
      fix: "Start the server once (`npm start`), or set ROCKPOOL_DATA to the folder that holds the data.",
      exitStatus: EXIT.config,
    });
  const folder = openFolder(dataDir);
  if (flags.set !== undefined) {
    const { box } = await askRecoveryKey(shell, flags.set);
    writeBoxKeys(folder, box);
    shell.print(`Backups are encrypted to recovery key ${box.id} from now on.`);
    return shell.printJson({ id: box.id, recipient: box.recipient });
  }
  const present = loadBoxKeys(folder);
  if (present && !flags.new) return showKey(shell, present);
  const { identity, box } = await makeRecoveryKey();
  writeBoxKeys(folder, box);
  shell.print(renderMade(identity, box));
  shell.printJson({ id: box.id, recipient: box.recipient, recoveryKey: identity });
}

function showKey(shell: Shell, { id, recipient }: BoxKeys): void {
  shell.print(
    `Backups are encrypted to recovery key ${id}. It was shown when it was made, and is not on this box.\nWhere it is lost: \`npx rockpool backup key --new\`, and name an empty place for the backups from then on.`,
  );
  shell.printJson({ id, recipient });
}

function renderMade(identity: string, { id }: BoxKeys): string {
  return [
    `Your recovery key (${id}), shown this once:`,
    "",
    `  ${identity}`,
    "",
    "Write it down, or keep it in a password manager: NOT on this box, and NOT in the store. Whoever has it and the store reads",
    "everything; without it nobody can, you included. Backups go to ROCKPOOL_BACKUP_TO, once a day while the server runs.",
  ].join("\n");
}
