/** The built-in tools, in the order in which models are told of them. */
import { calculator } from "./calculator.ts";
import { timeAndDate } from "./time-and-date.ts";
import type { Tool } from "./tool.ts";

export const TOOLS: readonly Tool[] = [timeAndDate, calculator];
