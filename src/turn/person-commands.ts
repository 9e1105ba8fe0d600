/** Commands about a person's own: what is remembered, reminders, the time zone. Each one may run twice and does no harm. */
import {
  type Fact,
  MAX_FACT_UNITS,
  MAX_REMINDERS,
  type Reminders,
  type When,
} from "../core/memory.ts";
import type { Repeat } from "../core/repeat.ts";
import { renderPlainTime } from "../core/time-zone.ts";

export type PersonPhrase =
  | "memoryList"
  | "memoryEmpty"
  | "memoryForgotten"
  | "memoryUnknown"
  | "memoryForgetAsk"
  | "memoryAllForgotten"
  | "memoryDirectOnly"
  | "remindUsage"
  | "remindSet"
  | "remindSetAgain"
  | "remindPast"
  | "remindTooFar"
  | "remindRepeats"
  | "remindTooLong"
  | "remindFull"
  | "remindersList"
  | "remindersEmpty"
  | "remindersCancelled"
  | "remindersUnknown"
  | "zoneNow"
  | "zoneSet"
  | "zoneUnknown";

export interface PersonPorts {
  facts(): Promise<Fact[]>;
  /** Whether there is, or was, a fact of this number. */
  forgetFact(number: number): Promise<boolean>;
  forgetFacts(): Promise<void>;
  zone(): Promise<string>;
  setZone(zone: string): Promise<void>;
  /** The zone of a place; undefined for none that is known. */
  findZone(place: string): string | undefined;
  readWhen(text: string, zone: string): Promise<When>;
  /** Set with the command's end, on the clocks of this zone. */
  reminders(zone: string): Reminders;
  /** Whether one waits under this number; it is cancelled with the command's end. */
  cancelReminder(number: number): boolean;
  /** How often, in the person's language. */
  describeRepeat(repeat: Repeat): string;
  nowMs(): number;
}

interface Asked extends PersonPorts {
  say(name: PersonPhrase, values?: Record<string, string | number>): string;
  isDirect: boolean;
}

/** The number that a command ends with, as in `forget 3` or `forget #3`. */
function numberOf(args: string, verb: RegExp): number | undefined {
  const [, number] = new RegExp(`^(?:${verb.source})\\s*#?(\\d{1,9})$`, "i").exec(args) ?? [];
  return number === undefined ? undefined : Number(number);
}

const FORGET = /forget|delete|remove|忘记|忘掉|删除/;
const FORGET_ALL = /^(?:forget|delete|remove|忘记|忘掉|删除)\s*(?:all|everything|全部)(\s+yes)?$/i;
const CANCEL = /cancel|delete|remove|取消|删除/;

/** A fact or reminder on a line of its own, whatever it holds. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

export async function showMemory(args: string, { say, ...ports }: Asked): Promise<string> {
  if (!ports.isDirect) return say("memoryDirectOnly");
  const number = numberOf(args, FORGET);
  if (number !== undefined)
    return say((await ports.forgetFact(number)) ? "memoryForgotten" : "memoryUnknown", { number });
  const facts = await ports.facts();
  const all = FORGET_ALL.exec(args);
  if (all) {
    if (all[1] === undefined) return say("memoryForgetAsk", { count: facts.length });
    await ports.forgetFacts();
    return say("memoryAllForgotten");
  }
  if (facts.length === 0) return say("memoryEmpty");
  const list = facts.map((fact) => `${fact.number}. ${onOneLine(fact.text)}`).join("\n");
  return say("memoryList", { list });
}

export async function setReminder(args: string, { say, ...ports }: Asked): Promise<string> {
  const zone = await ports.zone();
  const example = renderPlainTime(ports.nowMs() + 24 * 3_600_000, zone);
  const when = await ports.readWhen(args, zone);
  if (when.status === "past") return say("remindPast");
  if (when.status === "too_far") return say("remindTooFar");
  if (when.status === "repeats") return say("remindRepeats");
  if (when.status === "none" || when.rest === "") return say("remindUsage", { example });
  if (when.rest.length > MAX_FACT_UNITS) return say("remindTooLong", { max: MAX_FACT_UNITS });
  const { repeat } = when;
  const isSet = await ports.reminders(zone).add(when.rest, when.atMs, repeat);
  if (!isSet) return say("remindFull", { max: MAX_REMINDERS });
  const time = renderPlainTime(when.atMs, zone);
  if (repeat)
    return say("remindSetAgain", {
      repeat: ports.describeRepeat(repeat),
      time,
      zone,
      text: when.rest,
    });
  return say("remindSet", { time, zone, text: when.rest });
}

export async function showReminders(args: string, { say, ...ports }: Asked): Promise<string> {
  const number = numberOf(args, CANCEL);
  if (number !== undefined)
    return say(ports.cancelReminder(number) ? "remindersCancelled" : "remindersUnknown", {
      number,
    });
  const zone = await ports.zone();
  const waiting = await ports.reminders(zone).list();
  if (waiting.length === 0) return say("remindersEmpty");
  const list = waiting
    .map(
      ({ number, dueAtMs, text, repeat }) =>
        `${number}. ${renderPlainTime(dueAtMs, zone)}${repeat ? ` (${ports.describeRepeat(repeat)})` : ""} – ${onOneLine(text)}`,
    )
    .join("\n");
  return say("remindersList", { list, zone });
}

export async function chooseZone(args: string, { say, ...ports }: Asked): Promise<string> {
  if (args === "") {
    const zone = await ports.zone();
    return say("zoneNow", { zone, time: renderPlainTime(ports.nowMs(), zone) });
  }
  const zone = ports.findZone(args);
  if (zone === undefined) return say("zoneUnknown", { place: args.slice(0, 80) });
  await ports.setZone(zone);
  return say("zoneSet", { zone, time: renderPlainTime(ports.nowMs(), zone) });
}
