/** What `rockpool key` says to people. */
import type { KeyStatus } from "../../src/core/admin-protocol.ts";
import type { DataFolder } from "../data-folder.ts";
import type { KeySource } from "./next-key.ts";

const HOUR_MS = 3_600_000;

export const KEY_PLACES: Readonly<Record<KeySource, string>> = {
  file: "the file master.key in the data folder",
  environment: "ROCKPOOL_MASTER_KEY in the environment",
  passphrase: "a passphrase",
};

export function renderKeyStatus(source: KeySource, status: KeyStatus, nowMs: number): string {
  const hours = Math.max(0, Math.floor((nowMs - status.newestAtMs) / HOUR_MS));
  const age = status.newestAtMs === 0 ? "none yet" : `the newest ${hours} h old`;
  const resealed = status.messages - status.oldMessages;
  return [
    `Master key   from ${KEY_PLACES[source]}`,
    `Data keys    ${status.dataKeys}, ${age}`,
    ...(status.oldDataKeys === 0
      ? []
      : [
          `             ${status.oldDataKeys} of them are older than a year: no new row needs them, but conversations`,
          "             that sleep and older backups may; none is ever dropped",
        ]),
    `Person keys  ${status.personKeys}, and ${status.destroyed} destroyed`,
    status.oldMessages === 0
      ? `Messages     ${status.messages} in the log, none under old keys`
      : `Messages     ${resealed} of ${status.messages} in the log under present keys; the others follow in the background`,
  ].join("\n");
}

export function renderMoved(
  to: KeySource,
  destroyOld: boolean,
  folder: DataFolder,
  id: string,
): string {
  const next: Readonly<Record<KeySource, string>> = {
    file: `Copy ${folder.masterKey} to where you keep its copy, away from the backups.`,
    environment: "Put the line above into the server's environment before its next start.",
    passphrase: "The passphrase is asked for at the next start. Nobody can tell it to you again.",
  };
  return [
    `Done: the master key is a new one (${id}), from ${KEY_PLACES[to]}.`,
    next[to],
    destroyOld
      ? "The old key's file was written over. Backups made before need the old key."
      : "The old key is kept beside as master.key.before-…: backups made before need it.",
  ].join("\n");
}
