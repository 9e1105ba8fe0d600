/**
 * A box as a program of the bench: workerd under the real supervisor, with its log on the disk, and where asked for with
 * the floor beside Rockpool.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "../../local-runtime/bundle.ts";
import { dataFolderAt } from "../../local-runtime/data-folder.ts";
import { Listening } from "../../local-runtime/listen/listening.ts";
import { logLine, terminalLine } from "../../local-runtime/logs/output-lines.ts";
import { RotatingLog } from "../../local-runtime/logs/rotating-log.ts";
import { configFile, writeConfig } from "../../local-runtime/supervisor/run-files.ts";
import { Supervisor } from "../../local-runtime/supervisor/supervisor.ts";
import { findWorkerd } from "../../local-runtime/supervisor/workerd-binary.ts";
import { planRun, ROOT } from "./box-plan.ts";
import { addFloor } from "./floor-config.ts";
import { programArgument, serveCalls } from "./program.ts";

export interface BoxArgument {
  dataDir: string;
  modelUrl: string;
  bundle: Bundle;
  /** Path of the floor's bundle and its port. */
  floor?: { file: string; port: number };
  /** Where workerd's inspector listens, for a profile. */
  inspector?: string;
}

export interface BoxState {
  url: string;
  workerdPid: number;
}

const FLOOR_EMBED = "floor.js";

const { dataDir, modelUrl, bundle, floor, inspector } = programArgument<BoxArgument>();
const folder = dataFolderAt(dataDir);
const plan = planRun(folder, modelUrl, bundle);
const log = new RotatingLog(folder.logs);
const serving = Promise.withResolvers<BoxState>();

const listening = await Listening.open({
  root: ROOT,
  folder,
  options: plan.options,
  onEvent: () => undefined,
});
const supervisor = new Supervisor({
  binary: inspector === undefined ? findWorkerd(ROOT) : inspectedBinary(inspector),
  configFile: configFile(folder),
  folder,
  adminSocket: plan.adminSocket,
  sockets: listening.sockets,
  addresses: () => listening.addresses(),
  prepare: () => {
    writeConfig(plan, listening, { present: folder.masterKey });
    if (floor) writeFloor(floor);
  },
  announceEnd: async () => undefined,
  onLine: (line, stream) => {
    const written = logLine(line, stream, Date.now());
    log.write(written);
    const shown = terminalLine(written);
    if (shown !== undefined) process.stderr.write(`${shown}\n`);
  },
  onEvent: () => undefined,
});

function writeFloor({ file, port }: { file: string; port: number }): void {
  copyFileSync(file, join(folder.run, FLOOR_EMBED));
  const config = readFileSync(configFile(folder), "utf8");
  writeFileSync(configFile(folder), addFloor(config, { embed: FLOOR_EMBED, port }));
}

/** workerd with one argument more than the supervisor gives it. */
function inspectedBinary(address: string): string {
  const script = join(folder.run, "workerd-inspected");
  const command = `exec '${findWorkerd(ROOT)}' "$@" --inspector-addr=${address}`;
  writeFileSync(script, `#!/bin/sh\n${command}\n`, { mode: 0o700 });
  return script;
}

const ended = supervisor
  .run(({ url, workerdPid }) => serving.resolve({ url, workerdPid }))
  .catch(serving.reject);

serveCalls({ state: () => serving.promise }, async () => {
  supervisor.stop();
  await ended;
  log.close();
});
