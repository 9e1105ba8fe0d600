/** Says whether a model's call is the right one, and whether its arguments are. Pure. */
import { isJsonObject } from "../../core/json-text.ts";
import { renderPlainTime } from "../../core/time-zone.ts";
import type { ToolCaseResult } from "../../core/tool-test.ts";
import { ArithmeticFault, calculate } from "../arithmetic.ts";
import { parseWhen } from "../when.ts";
import { findTimeZone } from "../zones.ts";
import { CASE_NOW_MS, CASE_ZONE, type RightCall } from "./tool-case.ts";

/** A call as it is run: its tool's name found and its arguments repaired. */
export interface MadeCall {
  name: string;
  args: unknown;
}

/** The first call counts: a model that calls several at once has to begin with the right one. */
export async function scoreCalls(
  right: RightCall,
  calls: readonly MadeCall[],
): Promise<Pick<ToolCaseResult, "called" | "isToolRight" | "areArgumentsRight">> {
  const [first] = calls;
  const called = first?.name ?? "none";
  const isToolRight = called === right.tool;
  const args = isJsonObject(first?.args) ? first.args : {};
  return { called, isToolRight, areArgumentsRight: isToolRight && (await areRight(right, args)) };
}

async function areRight(right: RightCall, args: Record<string, unknown>): Promise<boolean> {
  switch (right.tool) {
    case "calculator":
      return workOut(args.expression) === right.value;
    case "time_and_date":
      return zoneOf(args.place) === (right.zone ?? CASE_ZONE);
    case "set_reminder":
      return (await timeOf(args.when)) === right.time && right.about.test(String(args.text));
    case "remember":
      return right.about.test(String(args.fact));
    default:
      return true;
  }
}

function workOut(expression: unknown): string | undefined {
  try {
    return calculate(String(expression));
  } catch (error) {
    if (error instanceof ArithmeticFault) return undefined;
    throw error;
  }
}

function zoneOf(place: unknown): string | undefined {
  const text = typeof place === "string" ? place.trim() : "";
  return /^(?:|here|local|本地|这里)$/i.test(text) ? CASE_ZONE : findTimeZone(text);
}

async function timeOf(when: unknown): Promise<string | undefined> {
  const parsed = await parseWhen(String(when), CASE_NOW_MS, CASE_ZONE);
  return parsed.status === "found" ? renderPlainTime(parsed.atMs, CASE_ZONE) : undefined;
}
