/**
 * The contract of a command: a module under commands/ that exports `defineCommand`, loaded only when it is called.
 * It gets its own commander command, named and summarised, adds arguments, options, subcommands and an action, and
 * throws a HostError when something is wrong.
 */
import type { Command } from "commander";
import type { Shell } from "./shell.ts";

export interface CommandModule {
  defineCommand(command: Command, shell: Shell): void;
}

export interface CommandEntry {
  summary: string;
  load(): Promise<CommandModule>;
}

/** In the order of `rockpool --help`. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: "start the server and stay with it",
    load: () => import("./commands/up.ts"),
  },
  down: {
    summary: "stop the server",
    load: () => import("./commands/down.ts"),
  },
  status: {
    summary: "say whether the server runs, and how it fares",
    load: () => import("./commands/status.ts"),
  },
  doctor: {
    summary: "check this box, and say what to do about what is wrong",
    load: () => import("./commands/doctor.ts"),
  },
  migrate: {
    summary: "bring the log database of a stopped server up to date",
    load: () => import("./commands/migrate.ts"),
  },
  version: {
    summary: "print the versions of Rockpool, Node and workerd",
    load: () => import("./commands/version.ts"),
  },
};
