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

export type Commands = Readonly<Record<string, CommandEntry>>;

export const UP: CommandEntry = {
  summary: "start the server and stay with it",
  load: () => import("./commands/up.ts"),
};

/** In the order of `rockpool --help`. */
export const COMMANDS: Commands = {
  up: UP,
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
  model: {
    summary: "choose the model that answers, and bring models here",
    load: () => import("./commands/model.ts"),
  },
  channel: {
    summary: "add, list and remove messengers",
    load: () => import("./commands/channel.ts"),
  },
  pair: {
    summary: "let strangers in, or turn them away",
    load: () => import("./commands/pair.ts"),
  },
  person: {
    summary: "who may do what: roles, grants and limits of people",
    load: () => import("./commands/person.ts"),
  },
  apikey: {
    summary: "make and revoke keys of the OpenAI-compatible API",
    load: () => import("./commands/apikey.ts"),
  },
  key: {
    summary: "show and renew the keys that open what is kept",
    load: () => import("./commands/key.ts"),
  },
  "owner-link": {
    summary: "make an address that signs the owner in",
    load: () => import("./commands/owner-link.ts"),
  },
  "sign-in": {
    summary: "make people's sign-in links, list and end their sign-ins",
    load: () => import("./commands/sign-in.ts"),
  },
  say: {
    summary: "talk to the assistant here in the terminal",
    load: () => import("./commands/say.ts"),
  },
  flow: {
    summary: "add, list, remove and rehearse dialogue flows",
    load: () => import("./commands/flow.ts"),
  },
  audit: {
    summary: "read, export and verify the log of who did what",
    load: () => import("./commands/audit.ts"),
  },
  egress: {
    summary: "print everything that the server can reach",
    load: () => import("./commands/egress.ts"),
  },
  redact: {
    summary: "show what would be masked in a text",
    load: () => import("./commands/redact.ts"),
  },
  logs: {
    summary: "show the log",
    load: () => import("./commands/logs.ts"),
  },
  integrity: {
    summary: "check every database from end to end",
    load: () => import("./commands/integrity.ts"),
  },
  backup: {
    summary: "back up all that is kept, and look after the backups",
    load: () => import("./commands/backup.ts"),
  },
  restore: {
    summary: "put a backup in the place of what is kept",
    load: () => import("./commands/restore.ts"),
  },
  migrate: {
    summary: "bring the log database of a stopped server up to date",
    load: () => import("./commands/migrate.ts"),
  },
  dev: {
    summary: "run the Worker under wrangler dev, built again at each change",
    load: () => import("./commands/dev.ts"),
  },
  version: {
    summary: "print the versions of Rockpool, Node and workerd",
    load: () => import("./commands/version.ts"),
  },
};
