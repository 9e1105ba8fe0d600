/** `rockpool doctor`: one line for each check. Exit status 1 where one of them failed. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { dataFolderAt } from "../data-folder.ts";
import { checkClock, checkNode, checkOptions, checkWorkerd } from "../doctor/box.ts";
import { checkCertificate } from "../doctor/certificate.ts";
import { type Finding, failure, renderFindings } from "../doctor/check.ts";
import { checkDataFolder, checkDiskSpace, checkMasterKey } from "../doctor/data.ts";
import { checkBackups, checkDatabases } from "../doctor/kept.ts";
import { checkModel } from "../doctor/model.ts";
import { checkModelServers } from "../doctor/model-servers.ts";
import { checkOutbound } from "../doctor/outbound.ts";
import { checkPort, checkPublicUrl, checkServer } from "../doctor/server.ts";
import { EXIT } from "../host-error.ts";
import { decideKeySource } from "../keys/key-source.ts";
import { loadSettings, type Settings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { findHolder } from "../supervisor/lock.ts";
import { loadRunState } from "../supervisor/run-state.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command.action(async () => {
    const findings = [checkNode(), checkWorkerd(shell.root), ...(await checkBox(shell))];
    const failed = findings.some(({ result }) => result === "fail");
    shell.print(renderFindings(findings));
    shell.printJson({ ok: !failed, findings });
    if (failed) process.exitCode = EXIT.failure;
  });
}

async function checkBox(shell: Shell): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = loadSettings(shell);
  } catch (error) {
    return [failure("Options", error)];
  }
  const folder = dataFolderAt(settings.dataDir);
  // The state file of a server that was killed is still there: only the lock tells.
  const running = existsSync(folder.run) && findHolder(folder.root)?.purpose === "up";
  const state = running ? loadRunState(folder.root) : undefined;
  return [
    checkOptions(settings),
    checkClock(shell.root, folder),
    checkDataFolder(folder),
    checkMasterKey(folder, decideKeySource(folder, settings.options)),
    checkDiskSpace(folder),
    checkDatabases(folder, Date.now()),
    checkBackups(folder, settings, Date.now()),
    ...(await Promise.all([
      checkPort(settings, state),
      checkServer(settings, state),
      checkPublicUrl(state),
      checkOutbound(settings, folder, state),
      checkModel({ root: shell.root, settings, folder, running }),
    ])),
    ...checkCertificate(shell.root, settings, Date.now()),
    ...(await checkModelServers(settings, folder)),
  ];
}
