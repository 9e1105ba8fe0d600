/** One step of a dialogue: what is kept, what is said, and whether it goes on. Pure: the same step may be taken again. */
import { initialTransition, transition } from "xstate";
import { phrase } from "../phrases/phrase.ts";
import { parseAnswer } from "./answer.ts";
import { compileFlow, EXPIRED, type MachineEvent, type Memory } from "./compile.ts";
import { findState } from "./definition.ts";
import type { Definition, Ending } from "./definition-schema.ts";
import { parseDuration } from "./duration.ts";
import { DEFAULT_SILENCE_MS } from "./limits.ts";
import { dayIn } from "./today.ts";
import { type Listener, renderHint, renderQuestion, renderText } from "./words.ts";

/** A dialogue between two messages: plain JSON. */
export interface Snapshot {
  /** The name of the question that waits, or of the ending. */
  state: string;
  memory: Memory;
}

export type FlowInput = { kind: "message"; text: string } | { kind: "silence" };

export type Outcome =
  /** An answer is waited for, so long. */
  | { status: "waiting"; silenceMs: number }
  | { status: "ended"; end: Ending["end"] | "expired"; tellOwner: boolean };

export interface Step {
  snapshot: Snapshot;
  /** Markdown; empty where nothing is said. */
  reply: string;
  outcome: Outcome;
}

/** The beginning of a dialogue. */
export function startFlow(flow: Definition, listener: Listener): Step {
  const [next, actions] = initialTransition(compileFlow(flow));
  return stepFrom(flow, next, actions, listener);
}

/** Throws a TypeError for a snapshot that the flow does not know. */
export function stepFlow(
  flow: Definition,
  { state, memory }: Snapshot,
  input: FlowInput,
  listener: Listener,
  nowMs: number,
): Step {
  const machine = compileFlow(flow);
  const event = eventOf(flow, state, input, nowMs);
  const before = machine.resolveState({ value: state, context: memory });
  const [next, actions] = transition(machine, before, event);
  return stepFrom(flow, next, actions, listener);
}

function eventOf(flow: Definition, name: string, input: FlowInput, nowMs: number): MachineEvent {
  const state = findState(flow, name);
  if (!state || !("ask" in state))
    throw new TypeError(`No question of the flow is called ${name}.`);
  if (input.kind === "silence") return { type: "silence" };
  const today = () => dayIn(flow.timezone ?? "UTC", nowMs);
  const answer = parseAnswer(state, input.text, today);
  if (answer.status === "none") return { type: "miss" };
  return { type: "answer", value: answer.status === "given" ? answer.value : undefined };
}

/** What xstate says of a machine after an event, as far as it is read here. */
interface Entered {
  value: unknown;
  context: Memory;
}
type Called = readonly { type: string; params: unknown }[];

function stepFrom(
  flow: Definition,
  { value, context }: Entered,
  called: Called,
  listener: Listener,
): Step {
  const state = String(value);
  const reply = called
    .flatMap(({ type, params }) => sayOf(flow, type, params, context, listener))
    .join("\n\n");
  return { snapshot: { state, memory: context }, reply, outcome: outcomeOf(flow, state) };
}

function sayOf(
  flow: Definition,
  type: string,
  params: unknown,
  { slots }: Memory,
  listener: Listener,
): string[] {
  const { state: name } = params as { state: string }; // compile.ts gives every action its state
  if (name === EXPIRED) return [renderExpired(flow, slots, listener)];
  const state = findState(flow, name);
  if (!state) return [];
  if ("ask" in state)
    return [(type === "hint" ? renderHint : renderQuestion)(flow, state, slots, listener)];
  if (state.say) return [renderText(flow, state.say, slots, listener)];
  return "end" in state ? [phrase(listener.lang, END_PHRASES[state.end])] : [];
}

/** Said at an ending that says nothing of its own. */
const END_PHRASES = { done: "flowDone", model: "flowToModel", person: "flowToPerson" } as const;

function renderExpired(flow: Definition, slots: Memory["slots"], listener: Listener): string {
  const { lang } = listener;
  if (flow.expired) return renderText(flow, flow.expired, slots, listener);
  return phrase(lang, "flowExpired", { title: flow.title[lang], name: flow.flow });
}

function outcomeOf(flow: Definition, name: string): Outcome {
  const state = findState(flow, name);
  if (!state) return { status: "ended", end: "expired", tellOwner: false };
  if ("end" in state) {
    const { end, tellOwner = end === "person" } = state;
    return { status: "ended", end, tellOwner };
  }
  const after = "ask" in state ? (state.timeout?.after ?? flow.timeout) : flow.timeout;
  return { status: "waiting", silenceMs: parseDuration(after ?? "") ?? DEFAULT_SILENCE_MS };
}
