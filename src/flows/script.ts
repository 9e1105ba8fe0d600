/** A rehearsal: dialogues as they should go, and whether a flow goes so. Pure; `rockpool flow test` prints what it finds. */
import * as v from "valibot";
import { AppError } from "../core/errors.ts";
import type { Definition } from "./definition-schema.ts";
import { type FlowInput, type Step, startFlow, stepFlow } from "./step.ts";
import { dayIn } from "./today.ts";
import { compileTriggers, matchTrigger } from "./triggers.ts";
import type { Listener } from "./words.ts";

/** Dialogues of one script, and steps of one dialogue. */
export const MAX_DIALOGUES = 100;
export const MAX_STEPS = 200;
/** For dialogues that care about no day. */
const ANY_DAY = "2026-01-15";

const words = v.pipe(v.string(), v.minLength(1));
const expected = v.union([words, v.array(words)], "a text, or several, is expected");
const step = v.union(
  [
    v.strictObject({ say: v.string(), expect: v.exactOptional(expected) }),
    v.strictObject({ silence: v.literal(true), expect: v.exactOptional(expected) }),
  ],
  "say: with a text, or silence: true, is expected, and expect:",
);
const dialogue = v.strictObject({
  name: words,
  lang: v.exactOptional(v.picklist(["en", "zh"])),
  person: v.exactOptional(words),
  today: v.exactOptional(v.pipe(v.string(), v.isoDate("a day such as 2026-11-21 is expected"))),
  steps: v.pipe(v.array(step), v.minLength(1), v.maxLength(MAX_STEPS)),
  /** Left out where the flow still waits at the end. */
  ends: v.exactOptional(v.picklist(["done", "model", "person", "expired"])),
  answers: v.exactOptional(v.record(v.string(), v.string())),
});
const scriptSchema = v.strictObject({
  dialogues: v.pipe(v.array(dialogue), v.minLength(1), v.maxLength(MAX_DIALOGUES)),
});

export type Script = v.InferOutput<typeof scriptSchema>;
type Dialogue = Script["dialogues"][number];
type Line = Dialogue["steps"][number];

/** Throws flow/bad_script. */
export function parseScript(given: unknown): Script {
  const parsed = v.safeParse(scriptSchema, given);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new AppError("flow/bad_script", { detail: `${path ? `${path}: ` : ""}${issue.message}.` });
}

export interface Rehearsed {
  name: string;
  /** What went otherwise; undefined where all went as written. */
  problem?: string;
}

export function rehearse(flow: Definition, { dialogues }: Script): Rehearsed[] {
  return dialogues.map((each) => {
    const problem = findProblem(flow, each);
    return { name: each.name, ...(problem === undefined ? {} : { problem }) };
  });
}

function findProblem(flow: Definition, dialogue: Dialogue): string | undefined {
  const { lang = "en", person: name = "Ada", today = ANY_DAY } = dialogue;
  const talk = { flow, listener: { lang, name }, nowMs: noonOf(today, flow.timezone ?? "UTC") };
  let last: Step | undefined;
  for (const [index, line] of dialogue.steps.entries()) {
    const taken = takeStep(talk, last, line);
    const problem = typeof taken === "string" ? taken : findMissing(line, taken);
    if (typeof taken === "string" || problem !== undefined) return `step ${index + 1}: ${problem}`;
    last = taken;
  }
  return last && findWrongEnd(dialogue, last);
}

interface Talk {
  flow: Definition;
  listener: Listener;
  nowMs: number;
}

/** The step, or why it cannot be taken. */
function takeStep({ flow, listener, nowMs }: Talk, last: Step | undefined, line: Line) {
  if (last?.outcome.status === "ended") return `the dialogue is over (${last.outcome.end})`;
  const input: FlowInput =
    "say" in line ? { kind: "message", text: line.say } : { kind: "silence" };
  if (last) return stepFlow(flow, last.snapshot, input, listener, nowMs);
  return begins(flow, input) ? startFlow(flow, listener) : "this does not begin the flow";
}

function findMissing({ expect = [] }: Line, { reply }: Step): string | undefined {
  const missing = [expect].flat().find((text) => !reply.includes(text));
  return missing === undefined ? undefined : `“${missing}” is not in “${reply}”`;
}

function begins(flow: Definition, input: FlowInput): boolean {
  if (input.kind !== "message") return false;
  const { flow: name, phrases = [], keywords = [] } = flow;
  if (input.text === `/flow ${name}`) return true;
  return matchTrigger(compileTriggers([{ name, phrases, keywords }]), input.text) !== undefined;
}

function endOf({ outcome }: Step): string | undefined {
  return outcome.status === "ended" ? outcome.end : undefined;
}

function findWrongEnd({ ends, answers }: Dialogue, last: Step): string | undefined {
  const end = endOf(last);
  if (end !== ends) return `it ends as ${end ?? "a question"}, not as ${ends ?? "a question"}`;
  const { slots } = last.snapshot.memory;
  const wrong = Object.entries(answers ?? {}).find(([name, value]) => slots[name] !== value);
  return wrong && `the answer ${wrong[0]} is ${slots[wrong[0]] ?? "not given"}, not ${wrong[1]}`;
}

const HOUR_MS = 3_600_000;

/** A time at which it is that day in the zone, wherever on earth it is. */
function noonOf(day: string, timeZone: string): number {
  const startMs = Date.parse(day);
  const hours = [12, 0, 23].map((hour) => startMs + hour * HOUR_MS);
  return hours.find((atMs) => dayIn(timeZone, atMs) === day) ?? startMs;
}
