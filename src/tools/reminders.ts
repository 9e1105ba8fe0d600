/** The tools that set reminders and list them. Cancelling one is left to the person: /reminders. */
import * as v from "valibot";
import { MAX_FACT_UNITS, MAX_REMINDERS, type When } from "../core/memory.ts";
import { renderTime } from "../core/time-zone.ts";
import { renderRepeat } from "../phrases/repeat.ts";
import { defineTool, ToolRefusal } from "./tool.ts";
import { parseWhen } from "./when.ts";

/** Said to the model where no time could be read. */
const PROBLEMS: Readonly<Record<Exclude<When["status"], "found">, string>> = {
  none: 'No time could be read. Say it like "in 20 minutes", "tomorrow at 9:00" or "2026-12-24 18:30".',
  past: "This time is over. Ask the user which day is meant.",
  too_far: "This is more than five years away.",
  repeats:
    'Reminders repeat "every day at 8", "on Mondays and Fridays at 9:00", "every month on the 1st" or on weekdays only.',
};

export const setReminder = defineTool({
  name: "set_reminder",
  description: "Reminds the user at a time, once or every day, week or month, here in this chat.",
  properties: {
    when: {
      type: "string",
      description:
        'In the user\'s own words, such as "in 20 minutes" "tomorrow at 9am" or "every day at 8".',
    },
    text: { type: "string", description: "What to remind of, to be read by the user." },
  },
  required: ["when", "text"],
  schema: v.object({
    when: v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(200)),
    text: v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(MAX_FACT_UNITS)),
  }),
  permission: "reminder:use",
  hints:
    /\bremind|\b(?:wake me|alarm|timer|alert me|nudge me|don't let me forget)\b|提醒|叫醒|闹钟|定时|别忘了?叫/i,
  async run({ when, text }, { nowMs, zone, reminders }) {
    const parsed = await parseWhen(when, nowMs, zone);
    if (parsed.status !== "found") throw new ToolRefusal(PROBLEMS[parsed.status]);
    const { atMs, repeat } = parsed;
    if (!(await reminders.add(text.toWellFormed(), atMs, repeat)))
      throw new ToolRefusal(
        `${MAX_REMINDERS} reminders wait already. Tell the user to cancel some with /reminders.`,
      );
    const first = `${renderTime(atMs, zone)} (${zone})`;
    return repeat ? `Set for ${renderRepeat(repeat, "en")}, first ${first}.` : `Set for ${first}.`;
  },
});

export const listReminders = defineTool({
  name: "list_reminders",
  description: "Lists the user's reminders that wait. They are cancelled with /reminders cancel N.",
  properties: {},
  required: [],
  schema: v.object({}),
  permission: "reminder:use",
  hints: /\breminders\b|提醒/i,
  async run(_args, { zone, reminders }) {
    const waiting = await reminders.list();
    if (waiting.length === 0) return "No reminder waits.";
    return waiting
      .map(({ number, text, dueAtMs, repeat }) => {
        const again = repeat ? `, ${renderRepeat(repeat, "en")}` : "";
        return `${number}. ${renderTime(dueAtMs, zone)}${again}: ${text}`;
      })
      .join("\n");
  },
});
