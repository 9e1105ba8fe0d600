/** What a definition of the right form can still have wrong: states, answers and places that do not exist. Pure. */
import { choiceWords } from "./answer-choice.ts";
import type { Definition, FlowState, Question } from "./definition-schema.ts";
import { placeholdersOf } from "./placeholders.ts";
import { findBadWays, type States, waysOf } from "./ways.ts";

export interface Fault {
  /** For example `states.name.next`; empty for the whole. */
  path: string;
  message: string;
}

export function findFaults(flow: Definition): Fault[] {
  const states: States = new Map<string, FlowState>(Object.entries(flow.states));
  const own = [...states].flatMap(([name, state]) =>
    [...faultsOfState(state, states)].map(({ path, message }) => ({
      path: `states.${name}.${path}`,
      message,
    })),
  );
  const start = states.has(flow.start) ? [] : [{ path: "start", message: noState(flow.start) }];
  const faults = [...start, ...own, ...faultsOfText("expired", flow.expired, states)];
  // Where a way leads nowhere, what can be reached says little.
  return faults.length > 0 ? faults : findBadWays(flow.start, states);
}

function noState(name: string): string {
  return `there is no state ${name}`;
}

function* faultsOfState(state: FlowState, states: States): Generator<Fault> {
  for (const { path, to } of waysOf(state))
    if (!states.has(to)) yield { path, message: noState(to) };
  if ("next" in state && typeof state.next !== "string")
    yield* faultsOfBranches(state.next, states);
  if ("ask" in state) yield* faultsOfQuestion(state, states);
  else yield* faultsOfText("say", state.say, states);
}

function* faultsOfQuestion(question: Question, states: States): Generator<Fault> {
  yield* faultsOfText("ask", question.ask, states);
  yield* faultsOfText("hint", question.hint, states);
  const { accept } = question;
  if ((accept.type === "text" || accept.type === "number") && isEmptyRange(accept))
    yield { path: "accept.min", message: "it is larger than max" };
  if (accept.type !== "choice") return;
  const seen = new Set<string>();
  for (const [index, choice] of accept.choices.entries())
    for (const word of new Set(choiceWords(choice))) {
      if (seen.has(word))
        yield { path: `accept.choices.${index}`, message: `${word} is another choice, too` };
      seen.add(word);
    }
}

function isEmptyRange({ min, max }: { min?: number; max?: number }): boolean {
  return min !== undefined && max !== undefined && min > max;
}

function* faultsOfBranches(
  branches: Exclude<Question["next"], string>,
  states: States,
): Generator<Fault> {
  for (const [index, branch] of branches.entries()) {
    const isLast = index === branches.length - 1;
    if (isLast !== (branch.when === undefined))
      yield {
        path: `next.${index}`,
        message: isLast ? "the last branch is taken always: leave out when" : "when is missing",
      };
    for (const [slot, value] of Object.entries(branch.when ?? {})) {
      const message = faultOfCondition(states.get(slot), value);
      if (message !== undefined) yield { path: `next.${index}.when.${slot}`, message };
    }
  }
}

function faultOfCondition(state: FlowState | undefined, value: string): string | undefined {
  const accept = state && "accept" in state ? state.accept : undefined;
  const values =
    accept?.type === "choice"
      ? accept.choices.map((choice) => choice.value)
      : accept?.type === "yesno"
        ? ["yes", "no"]
        : undefined;
  if (!values) return "only questions of choice or yesno can be asked for here";
  return values.includes(value) ? undefined : `one of ${values.join(", ")} is expected`;
}

function* faultsOfText(
  path: string,
  text: { en: string; zh: string } | undefined,
  states: States,
): Generator<Fault> {
  for (const lang of ["en", "zh"] as const)
    for (const name of placeholdersOf(text?.[lang] ?? "")) {
      const state = states.get(name);
      if (name !== "person" && !(state && "ask" in state))
        yield { path: `${path}.${lang}`, message: `there is no question ${name}` };
    }
}
