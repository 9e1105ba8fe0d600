/** Commands of the desk: who was handed over to a person, a word to one, and giving one back to the model. */
import { type DeskAnswered, type HandoverSummary, MAX_ANSWER_UNITS } from "../core/handover.ts";
import { renderPlainTime } from "../core/time-zone.ts";

export type HandoverPhrase =
  | "handoverNone"
  | "handoverList"
  | "handoverAnsweredBy"
  | "handoverReplyUsage"
  | "handoverDoneUsage"
  | "handoverTooLong"
  | "handoverSent"
  | "handoverDone"
  | "handoverUnknown"
  | "handoverDirectOnly";

export interface HandoverPorts {
  handovers(): Promise<HandoverSummary[]>;
  answerHandover(number: number, text: string, isLast: boolean): Promise<DeskAnswered>;
}

interface Asked extends HandoverPorts {
  say(name: HandoverPhrase, values?: Record<string, string | number>): string;
  isDirect: boolean;
  zone(): Promise<string>;
  /** A text of others as it stands in Markdown. */
  escape(text: string): string;
}

export async function showWaiting(_args: string, ports: Asked): Promise<string> {
  const { say } = ports;
  if (!ports.isDirect) return say("handoverDirectOnly");
  const waiting = await ports.handovers();
  if (waiting.length === 0) return say("handoverNone");
  const zone = await ports.zone();
  const list = waiting.map(({ number, name, channel, flow, openedAtMs, answeredBy }) => {
    const who = `${ports.escape(name)} (${channel}, ${flow})`;
    const line = `- **#${number}** ${who}, ${renderPlainTime(openedAtMs, zone)}`;
    return answeredBy === null
      ? line
      : `${line}, ${say("handoverAnsweredBy", { name: ports.escape(answeredBy) })}`;
  });
  return say("handoverList", { list: list.join("\n") });
}

/** `3 text` or `#3 text`. */
const NUMBERED = /^#?(\d{1,9})(?:\s+([\s\S]+))?$/;

export async function answerWaiting(args: string, ports: Asked): Promise<string> {
  const { say } = ports;
  if (!ports.isDirect) return say("handoverDirectOnly");
  const [, number, text] = NUMBERED.exec(args) ?? [];
  if (number === undefined || text === undefined) return say("handoverReplyUsage");
  if (text.length > MAX_ANSWER_UNITS) return say("handoverTooLong", { max: MAX_ANSWER_UNITS });
  const answered = await ports.answerHandover(Number(number), text, false);
  return say(answered.status === "taken" ? "handoverSent" : "handoverUnknown", { number });
}

/** With a text, that is said before. */
export async function endWaiting(args: string, ports: Asked): Promise<string> {
  const { say } = ports;
  if (!ports.isDirect) return say("handoverDirectOnly");
  const [, number, text = ""] = NUMBERED.exec(args) ?? [];
  if (number === undefined) return say("handoverDoneUsage");
  if (text.length > MAX_ANSWER_UNITS) return say("handoverTooLong", { max: MAX_ANSWER_UNITS });
  const answered = await ports.answerHandover(Number(number), text, true);
  return say(answered.status === "taken" ? "handoverDone" : "handoverUnknown", { number });
}
