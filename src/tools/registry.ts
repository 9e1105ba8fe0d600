/** The built-in tools, in the order in which models are told of them. */
import { calculator } from "./calculator.ts";
import { recall } from "./recall.ts";
import { remember } from "./remember.ts";
import { listReminders, setReminder } from "./reminders.ts";
import { timeAndDate } from "./time-and-date.ts";
import type { Tool } from "./tool.ts";
import { webFetch } from "./web-fetch.ts";

export const TOOLS: readonly Tool[] = [
  timeAndDate,
  calculator,
  setReminder,
  listReminders,
  remember,
  recall,
];

/** Offered where the owner lets the box fetch web pages. */
export const WEB_TOOLS: readonly Tool[] = [webFetch];
