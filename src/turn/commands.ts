/** What people can tell the assistant to do: commands work without a model. Each one may run twice and does no harm. */
import type { Command } from "../core/command.ts";
import type { GateState } from "../core/gate-protocol.ts";
import { EXPORT_LINK_MS, type OwnExportAsked } from "../core/own-export.ts";
import { describePlace, type PlaceWords } from "../core/place-words.ts";
import type { ModelServerState } from "../core/ports.ts";
import type { Permission, Role } from "../core/roles.ts";
import type { QueuePlace } from "../core/stream.ts";
import {
  answerWaiting,
  endWaiting,
  type HandoverPhrase,
  type HandoverPorts,
  showWaiting,
} from "./handover-commands.ts";
import { chooseModel, describeModels } from "./model-words.ts";
import {
  chooseZone,
  type PersonPhrase,
  type PersonPorts,
  setReminder,
  showMemory,
  showReminders,
} from "./person-commands.ts";
import { type PinPhrase, type PinPorts, runPinCommand } from "./pin-commands.ts";
import { type SearchPhrase, type SearchPorts, searchTalk } from "./search-commands.ts";

/** Fills a phrase of the assistant's own in the person's language. */
export type Say = (name: CommandPhrase, values?: Record<string, string | number>) => string;

export type CommandPhrase =
  | PinPhrase
  | "help"
  | "helpDesk"
  | "unknownCommand"
  | "newStarted"
  | "stopped"
  | "nothingToStop"
  | "nothingToStopFlow"
  | "flowLeft"
  | "flowNothingToLeave"
  | "whoami"
  | RolePhrase
  | "notAllowed"
  | "forgetAsk"
  | "forgotten"
  | "exportAsked"
  | "exportLink"
  | "exportOnPage"
  | "exportTooMany"
  | "exportBusy"
  | "exportDirectOnly"
  | "exportOwner"
  | "eraseAsk"
  | "eraseBegun"
  | "eraseOwner"
  | "eraseDirectOnly"
  | "statusModel"
  | "statusModelDown"
  | "statusNoModel"
  | "statusPressure"
  | "statusServerAway"
  | "statusQueue"
  | "statusGate"
  | PlaceWords["name"]
  | "statusMessages"
  | "modelNow"
  | "modelAuto"
  | "modelList"
  | "modelAliases"
  | "modelSet"
  | "modelTooMany"
  | "modelUnknown"
  | "modelNone"
  | "linkCode"
  | "linkDone"
  | "linkBadCode"
  | "linkTooMany"
  | "linkSelf"
  | "linkDirectOnly"
  | "handoverLeft"
  | HandoverPhrase
  | PersonPhrase
  | SearchPhrase;

type RolePhrase =
  | "roleOwner"
  | "roleAdmin"
  | "roleOperator"
  | "roleAuditor"
  | "roleMember"
  | "roleGuest";

export type LinkOutcome =
  | { status: "linked"; channel: string }
  | { status: "bad_code" }
  | { status: "too_many" }
  | { status: "same_conversation" };

export interface CommandPorts extends PersonPorts, SearchPorts, HandoverPorts {
  say: Say;
  speaker: { name: string; role: Role };
  /** Whether the speaker's role may. */
  isAllowed(permission: Permission): boolean;
  channel: string;
  isDirect: boolean;
  /** What the command took back when it was accepted: rows by /stop, messages by /forget, the dialogue by /cancel. */
  takenBack: number;
  /** The speaker has a dialogue running. */
  isInDialogue: boolean;
  /** What /cancel left was the talk with a person. */
  hasLeftPerson: boolean;
  /** A text of others as it stands in Markdown. */
  escape(text: string): string;
  modelState(): Promise<ModelServerState>;
  /** A model's name, an alias or `auto`. */
  sessionModel(): string;
  /** False where the person chose too many in a short time. */
  setSessionModel(name: string): Promise<boolean>;
  waiting(): number;
  /** Where this conversation's turn stands in line for the model server. */
  place(): QueuePlace | undefined;
  messageCount(): number;
  startAfresh(): void;
  pins: PinPorts;
  createLink(): Promise<string>;
  redeemLink(code: string): Promise<LinkOutcome>;
  /** A link to a copy of everything; where the box has no address, the owner is told with this command's end. */
  askExport(): Promise<OwnExportAsked>;
  /** Begins to erase everything of the person who speaks; the answer to this is sent before. */
  eraseMe(): Promise<void>;
}

/** What a command takes back the moment it is accepted. */
export type TakeBack = "nothing" | "own_waiting" | "own_dialogue" | "everything";

/** A command that the speaker may not give takes nothing back. */
export function decideTakeBack(
  command: Command | undefined,
  isAllowed: (permission: Permission) => boolean,
): TakeBack {
  if (!command || !isAllowed(permissionOf(command) ?? "chat:use")) return "nothing";
  if (command.name === "stop") return "own_waiting";
  if (command.name === "cancel") return "own_dialogue";
  return command.name === "forget" && isConfirmed(command.args) ? "everything" : "nothing";
}

function isConfirmed(args: string): boolean {
  return args.toLowerCase() === "yes";
}

type Run = (args: string, ports: CommandPorts) => Promise<string> | string;

async function showStatus({ say, ...ports }: CommandPorts): Promise<string> {
  const state = await ports.modelState();
  return [
    ...describeModels(ports.sessionModel(), state, say),
    ...describeLine(state.queue, ports.place(), say),
    say("statusQueue", { count: ports.waiting() }),
    say("statusMessages", { count: ports.messageCount() }),
  ].join("\n");
}

/** The line for the model server, and where in it this conversation stands. */
function describeLine(
  queue: GateState | undefined,
  place: QueuePlace | undefined,
  say: Say,
): string[] {
  const lines: string[] = [];
  if (queue)
    lines.push(say("statusGate", { busy: queue.busy, slots: queue.slots, count: queue.waiting }));
  if (place) {
    const { name, values } = describePlace(place);
    lines.push(say(name, values));
  }
  return lines;
}

async function link(args: string, { say, ...ports }: CommandPorts): Promise<string> {
  if (!ports.isDirect) return say("linkDirectOnly");
  if (args === "") return say("linkCode", { code: await ports.createLink() });
  const outcome = await ports.redeemLink(args.toUpperCase());
  if (outcome.status === "linked") return say("linkDone", { channel: outcome.channel });
  if (outcome.status === "too_many") return say("linkTooMany");
  return say(outcome.status === "bad_code" ? "linkBadCode" : "linkSelf");
}

const ROLE_PHRASES: Readonly<Record<Role, RolePhrase>> = {
  owner: "roleOwner",
  admin: "roleAdmin",
  operator: "roleOperator",
  auditor: "roleAuditor",
  member: "roleMember",
  guest: "roleGuest",
};

function showHelp(_args: string, { say, isAllowed }: CommandPorts): string {
  return isAllowed("handover:answer") ? `${say("help")}\n${say("helpDesk")}` : say("help");
}

function whoami(_args: string, { say, speaker, channel }: CommandPorts): string {
  return say("whoami", { name: speaker.name, role: say(ROLE_PHRASES[speaker.role]), channel });
}

/** `everything`: all that is kept of the person, on every channel. */
const FORGET_EVERYTHING = /^(?:everything|全部|一切)(\s+yes)?$/i;

async function forget(args: string, ports: CommandPorts): Promise<string> {
  const { say, messageCount, takenBack, isDirect, eraseMe } = ports;
  if (isConfirmed(args)) return say("forgotten", { count: takenBack });
  const everything = FORGET_EVERYTHING.exec(args);
  if (!everything) return say("forgetAsk", { count: messageCount() });
  if (!isDirect) return say("eraseDirectOnly");
  if (ports.speaker.role === "owner") return say("eraseOwner");
  if (everything[1] === undefined) return say("eraseAsk");
  await eraseMe();
  return say("eraseBegun");
}

/** The owner's copy is never a link in a messenger: it has everything that the owner said anywhere. */
async function askExport(_args: string, ports: CommandPorts): Promise<string> {
  const { say, isDirect, speaker, channel } = ports;
  if (!isDirect) return say("exportDirectOnly");
  if (speaker.role === "owner") return say("exportOwner");
  if (channel === "web") return say("exportOnPage");
  const asked = await ports.askExport();
  switch (asked.status) {
    case "made":
      return say("exportLink", { link: asked.link, minutes: EXPORT_LINK_MS / 60_000 });
    case "too_many":
      return say("exportTooMany");
    case "busy":
      return say("exportBusy");
    case "owner_asked":
      return say("exportAsked");
  }
}

interface Spec {
  permission: Permission;
  run: Run;
}

const use = (run: Run): Spec => ({ permission: "chat:use", run });

const runPins = (name: string) =>
  use((args, { pins, say }) => runPinCommand({ name, args }, pins, say));

/** Every command, with what its speaker must be allowed. */
const COMMANDS: Readonly<Record<string, Spec>> = {
  help: use(showHelp),
  start: use(showHelp),
  new: use((_args, { say, startAfresh }) => {
    startAfresh();
    return say("newStarted");
  }),
  stop: use((_args, { say, takenBack, isInDialogue }) => {
    if (takenBack > 0) return say("stopped");
    return say(isInDialogue ? "nothingToStopFlow" : "nothingToStop");
  }),
  cancel: use((_args, { say, takenBack, hasLeftPerson }) => {
    if (takenBack === 0) return say("flowNothingToLeave");
    return say(hasLeftPerson ? "handoverLeft" : "flowLeft");
  }),
  status: use((_args, ports) => showStatus(ports)),
  model: { permission: "model:choose", run: chooseModel },
  link: { permission: "chat:link", run: link },
  whoami: use(whoami),
  pin: runPins("pin"),
  pins: runPins("pins"),
  unpin: runPins("unpin"),
  memory: { permission: "memory:use", run: showMemory },
  remind: { permission: "reminder:use", run: setReminder },
  reminders: { permission: "reminder:use", run: showReminders },
  search: use(searchTalk),
  timezone: use(chooseZone),
  export: { permission: "data:own", run: askExport },
  waiting: { permission: "handover:answer", run: showWaiting },
  reply: { permission: "handover:answer", run: answerWaiting },
  done: { permission: "handover:answer", run: endWaiting },
  forget: {
    permission: "chat:erase",
    run: forget,
  },
};

/** `/flow` goes the way of dialogues: do/turn/work-dialogue.ts answers it. */
export const FLOW_PERMISSION: Permission = "flow:use";

/** `/tldr` goes the way of messages for the model; what it fetches of the web has a permission of its own. */
const TLDR_PERMISSION: Permission = "chat:use";

export const COMMAND_NAMES: readonly string[] = [...Object.keys(COMMANDS), "flow", "tldr"];

/** What the speaker of a command must be allowed; undefined for a command that there is not. */
export function permissionOf({ name }: Pick<Command, "name">): Permission | undefined {
  if (name === "flow") return FLOW_PERMISSION;
  if (name === "tldr") return TLDR_PERMISSION;
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.permission : undefined;
}

export async function runCommand(command: Command, ports: CommandPorts): Promise<string> {
  const { name, args } = command;
  const spec = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!spec) return ports.say("unknownCommand", { name });
  return ports.isAllowed(spec.permission)
    ? spec.run(args, ports)
    : ports.say("notAllowed", { name });
}
