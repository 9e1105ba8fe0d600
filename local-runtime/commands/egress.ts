/** `rockpool egress`: everything that the server can reach, read from the config that workerd runs with. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parseCapnpText } from "../capnp-text.ts";
import { dataFolderAt } from "../data-folder.ts";
import { type EgressMap, mapEgress, type WayOut } from "../egress-map.ts";
import { HostError, systemCode } from "../host-error.ts";
import { configFile } from "../run-files.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { row } from "../start-screen.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Print everything that the server can reach, and from where: read from the config of the last start, service by service, as workerd reads it. What is not in the list cannot be reached.",
    )
    .action(() => runEgress(shell));
}

function runEgress(shell: Shell): void {
  const file = configFile(dataFolderAt(loadSettings(shell).dataDir));
  const map = mapEgress(parseCapnpText(readConfig(file)));
  shell.print(renderMap(map));
  shell.printJson({ config: file, ...map });
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new HostError({
      code: "config/unreadable",
      message: `There is no config at ${file}: the server has not been started on this data folder.`,
      fix: "Start it once (npm start), then run this again.",
    });
  }
}

function renderMap({ sockets, waysOut, places, unused }: EgressMap): string {
  return [
    ...row(
      "Listens",
      sockets.map(({ address, service }) => `${address}  →  ${service}`),
    ),
    ...row("Ways out", waysOut.length > 0 ? waysOut.map(renderWay) : ["none"]),
    ...row(
      "Folders",
      places.map(({ path, writable }) => `${path}${writable ? "" : " (read only)"}`),
    ),
    ...(unused.length > 0 ? row("Unused", [unused.join(", ")]) : []),
  ].join("\n");
}

function renderWay({ kind, to, from, encrypted }: WayOut): string {
  const what = kind === "unknown" ? `not known to this program: ${to}` : to;
  return `${what}${encrypted ? " (TLS)" : ""}  ←  ${from.join(", ")}`;
}
