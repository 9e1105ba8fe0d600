/** A definition as a state machine: answers, misses and silence lead on; entering a state says something. Pure. */
import { setup } from "xstate";
import type { Definition, FlowState, Question } from "./definition-schema.ts";
import { MAX_SILENCES } from "./limits.ts";

/** What a running dialogue knows; kept between messages as it is. */
export interface Memory {
  /** Answers by the name of their question, in canonical form. */
  slots: Record<string, string>;
  /** Answers to the present question that were none. */
  misses: number;
  /** Time-outs since the person wrote last. */
  silences: number;
}

export type MachineEvent =
  | { type: "answer"; value: string | undefined }
  | { type: "miss" }
  | { type: "silence" };

/** The state of a dialogue that was let go: no author can name one so. */
export const EXPIRED = "_expired";

const frame = setup({
  types: { context: {} as Memory, events: {} as MachineEvent }, // how xstate is told types
  actions: {
    /** Neither does anything: step.ts reads which were called for, and says it. */
    say: (_, _params: { state: string }) => undefined,
    hint: (_, _params: { state: string }) => undefined,
  },
});

/** Costs about a third of a millisecond. */
export function compileFlow(flow: Definition) {
  const states = Object.entries(flow.states).map(([name, state]) => [name, nodeOf(name, state)]);
  return frame.createMachine({
    context: { slots: {}, misses: 0, silences: 0 },
    initial: flow.start,
    states: { ...Object.fromEntries(states), [EXPIRED]: nodeOf(EXPIRED, { end: "done" }) },
  });
}

type Config = NonNullable<Parameters<typeof frame.createMachine>[0]["states"]>;
type Node = Config[string];

function nodeOf(name: string, state: FlowState): Node {
  const entry = { type: "say" as const, params: { state: name } };
  if ("end" in state) return { type: "final", entry };
  if ("ask" in state) return { entry, on: transitionsOf(name, state) };
  const always = branchesOf(state.next).map(({ when, go }) => ({
    guard: ({ context }: { context: Memory }) => holds(when, context.slots),
    target: go,
  }));
  return { entry, always };
}

function branchesOf(next: Question["next"]) {
  return typeof next === "string" ? [{ go: next, when: undefined }] : next;
}

function holds(
  when: Readonly<Record<string, string>> | undefined,
  slots: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(when ?? {}).every(([slot, value]) => slots[slot] === value);
}

function withAnswer(
  slots: Readonly<Record<string, string>>,
  name: string,
  value: string | undefined,
): Record<string, string> {
  const { [name]: _before, ...others } = slots;
  return value === undefined ? others : { ...others, [name]: value };
}

function transitionsOf(
  name: string,
  { next, otherwise, timeout }: Question,
): NonNullable<Node["on"]> {
  const answered = frame.assign(({ context, event }) => ({
    slots: withAnswer(context.slots, name, valueIn(event)),
    misses: 0,
    silences: 0,
  }));
  const answers = branchesOf(next).map(({ when, go }) => ({
    guard: ({ context, event }: { context: Memory; event: MachineEvent }) =>
      holds(when, withAnswer(context.slots, name, valueIn(event))),
    target: go,
    reenter: true,
    actions: answered,
  }));
  const hint = { type: "hint" as const, params: { state: name } };
  return {
    answer: answers,
    miss: [...(otherwise ? [giveUp(otherwise)] : []), { actions: [missed, hint] }],
    silence: [...(timeout ? [goOn(timeout)] : []), { target: EXPIRED }],
  };
}

function valueIn(event: MachineEvent): string | undefined {
  return event.type === "answer" ? event.value : undefined;
}

const missed = frame.assign(({ context }) => ({ misses: context.misses + 1, silences: 0 }));
const gaveUp = frame.assign({ misses: 0, silences: 0 });
const wentOn = frame.assign(({ context }) => ({ misses: 0, silences: context.silences + 1 }));

function giveUp({ after, go }: NonNullable<Question["otherwise"]>) {
  return {
    guard: ({ context }: { context: Memory }) => context.misses + 1 >= after,
    target: go,
    reenter: true,
    actions: gaveUp,
  };
}

function goOn({ go }: NonNullable<Question["timeout"]>) {
  return {
    guard: ({ context }: { context: Memory }) => context.silences + 1 < MAX_SILENCES,
    target: go,
    reenter: true,
    actions: wentOn,
  };
}
