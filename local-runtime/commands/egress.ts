/**
 * `rockpool egress`: everything that the server can reach, read from the config that workerd runs with; and addresses
 * that the owner allows or takes back by hand.
 */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parseApiBase } from "../add-channel.ts";
import { dataFolderAt } from "../data-folder.ts";
import { allowOrigin, disallowOrigin } from "../egress/egress-change.ts";
import { type EgressMap, mapEgress, type WayOut } from "../egress/egress-map.ts";
import { HostError, systemCode } from "../host-error.ts";
import { row } from "../screen/start-screen.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { configFile } from "../supervisor/run-files.ts";
import { parseCapnpText } from "../workerd-config/capnp-text.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Print everything that the server can reach, and from where: read from the config of the last start, service by service, as workerd reads it. What is not in the list cannot be reached.",
    )
    .action(() => runEgress(shell));
  command
    .command("allow")
    .description(
      "Let the running server reach one more address, such as https://api.telegram.org. Accounts that are added allow their own.",
    )
    .argument("<address>")
    .action((address: string) => runChange(shell, address, allowOrigin, "allowed"));
  command
    .command("deny")
    .description("Take an allowed address back.")
    .argument("<address>")
    .action((address: string) => runChange(shell, address, disallowOrigin, "denied"));
}

async function runChange(
  shell: Shell,
  address: string,
  change: (dataDir: string, origin: string) => Promise<boolean>,
  done: "allowed" | "denied",
): Promise<void> {
  const { origin } = new URL(parseApiBase(address, "The address"));
  const changed = await change(loadSettings(shell).dataDir, origin);
  shell.print(changed ? `${origin} is ${done}.` : `${origin} was ${done} already.`);
  shell.printJson({ [done]: origin, changed });
}

function runEgress(shell: Shell): void {
  const { dataDir, options } = loadSettings(shell);
  const file = configFile(dataFolderAt(dataDir));
  const map = mapEgress(parseCapnpText(readConfig(file)));
  const mode = options.ROCKPOOL_EGRESS;
  shell.print([...row("Mode", [MODES[mode]]), renderMap(map)].join("\n"));
  shell.printJson({ config: file, mode, ...map });
}

const MODES = {
  public: "public: the addresses below, public ones among them",
  listed: "listed: the addresses below and nothing else, not even a look-up of a name",
} as const;

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
