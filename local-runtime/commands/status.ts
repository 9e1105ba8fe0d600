/** `rockpool status`: whether the server runs, and how it fares. Exit status 69 where it does not run. */
import type { Command } from "commander";
import { findServer } from "../admin/admin-client.ts";
import { dataFolderAt } from "../data-folder.ts";
import type { Finding } from "../doctor/check.ts";
import { checkBackups, checkDatabases } from "../doctor/kept.ts";
import { loadModelServerState, type ModelServerState } from "../model-server/run-state.ts";
import { describeModel } from "../screen/model-advice.ts";
import { loadServerStatus, type ModelSummary, type ServerStatus } from "../screen/server-status.ts";
import { describeChannels, row } from "../screen/start-screen.ts";
import { loadSettings, type Settings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import type { RunState } from "../supervisor/run-state.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command.action(() => runStatus(shell));
}

async function runStatus(shell: Shell): Promise<void> {
  const settings = loadSettings(shell);
  const state = findServer(settings.dataDir);
  const status = await loadServerStatus(state.adminSocket);
  const folder = dataFolderAt(settings.dataDir);
  const builtin = loadModelServerState(folder);
  const nowMs = Date.now();
  const databases = checkDatabases(folder, nowMs);
  const backups = checkBackups(folder, settings, nowMs);
  shell.print(renderStatus({ state, status, settings, builtin, kept: [databases, backups] }));
  const host = { databases, backups, ...(builtin ? { builtin } : {}) };
  shell.printJson({ running: true, ...state, ...status, ...host });
}

interface StatusFacts {
  state: RunState;
  status: ServerStatus;
  settings: Settings;
  /** The built-in model server, where that is wanted. */
  builtin: ModelServerState | undefined;
  /** What the daily work found. */
  kept: readonly Finding[];
}

function renderStatus({ state, status, settings, builtin, kept }: StatusFacts): string {
  const since = new Date(state.startedAtMs).toISOString();
  return [
    `Rockpool ${status.version} is running since ${since}.`,
    "",
    ...row("Address", [status.publicUrl ? `${state.url}, ${status.publicUrl}` : state.url]),
    ...row("Model", describeModel(status.model, status.modelUrl, builtin)),
    ...row("Line", describeLine(status.model)),
    ...row("Channels", describeChannels({ url: state.url, status })),
    ...row("People", [`${status.people}, ${status.pendingPairings} waiting to be paired`]),
    ...row("Log", [`${status.journalBacklog} rows on their way to D1`]),
    ...row("Processes", [describeProcesses(state, builtin)]),
    ...row("Data", [settings.dataDir]),
    ...kept.flatMap(({ what, detail }) => row(what, [detail])),
    ...(status.ownerKnown
      ? []
      : ["", "Nobody has signed in yet: `npx rockpool owner-link` makes a link."]),
  ].join("\n");
}

/** Who waits for the model; nothing where the server does not say. */
function describeLine({ queue }: ModelSummary): string[] {
  return queue
    ? [`${queue.busy} of ${queue.slots} slots at work, ${queue.waiting} waiting for one`]
    : [];
}

function describeProcesses(state: RunState, builtin: ModelServerState | undefined): string {
  const model = builtin?.pid === undefined ? "" : `, ${builtin.pid} (model server)`;
  return `${state.pid} (rockpool), ${state.workerdPid} (workerd)${model}`;
}
