/** One case of the evaluation: what a person writes, and which call is right. Pure. */

/** Times in the cases are seen from here: a Saturday, three in the afternoon. */
export const CASE_NOW_MS = Date.UTC(2026, 10, 21, 7);
export const CASE_ZONE = "Asia/Shanghai";

export type RightCall =
  | { tool: "calculator"; value: string }
  /** `zone` is undefined for the person's own. */
  | { tool: "time_and_date"; zone: string | undefined }
  /** `time` on the clocks of {@link CASE_ZONE}. */
  | { tool: "set_reminder"; time: string; about: RegExp }
  | { tool: "list_reminders" }
  | { tool: "remember"; about: RegExp }
  | { tool: "recall" }
  /** An answer in words. */
  | { tool: "none" };

export interface ToolCase {
  text: string;
  right: RightCall;
}

export function sum(text: string, value: string): ToolCase {
  return { text, right: { tool: "calculator", value } };
}

export function clock(text: string, zone?: string): ToolCase {
  return { text, right: { tool: "time_and_date", zone } };
}

export function remind(text: string, time: string, about: RegExp): ToolCase {
  return { text, right: { tool: "set_reminder", time, about } };
}

export function listing(text: string): ToolCase {
  return { text, right: { tool: "list_reminders" } };
}

export function keep(text: string, about: RegExp): ToolCase {
  return { text, right: { tool: "remember", about } };
}

export function lookUp(text: string): ToolCase {
  return { text, right: { tool: "recall" } };
}

export function talk(text: string): ToolCase {
  return { text, right: { tool: "none" } };
}
