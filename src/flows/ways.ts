/** The ways through a flow: where each state leads, and whether every one comes from the start and to an end. Pure. */
import type { FlowState } from "./definition-schema.ts";
import type { Fault } from "./faults.ts";

export type States = ReadonlyMap<string, FlowState>;

export function waysOf(state: FlowState): { path: string; to: string }[] {
  if ("end" in state) return [];
  const { next } = state;
  const ways =
    typeof next === "string"
      ? [{ path: "next", to: next }]
      : next.map((branch, index) => ({ path: `next.${index}.go`, to: branch.go }));
  if (!("ask" in state)) return ways;
  for (const path of ["otherwise", "timeout"] as const) {
    const way = state[path];
    if (way) ways.push({ path: `${path}.go`, to: way.go });
  }
  return ways;
}

function* faultsOfReach(start: string, states: States): Generator<Fault> {
  const reached = spread([start], (name) => targetsOf(states, name));
  const ends = [...states].filter(([, state]) => "end" in state).map(([name]) => name);
  const sources = new Map<string, string[]>();
  for (const name of states.keys())
    for (const to of targetsOf(states, name)) sources.set(to, [...(sources.get(to) ?? []), name]);
  const ending = spread(ends, (name) => sources.get(name) ?? []);
  for (const name of states.keys()) {
    if (!reached.has(name)) yield { path: `states.${name}`, message: "no way leads here" };
    else if (!ending.has(name)) yield { path: `states.${name}`, message: "no way leads to an end" };
  }
}

/** States that nothing leads to, that lead to no end, or that would be said for ever. */
export function findBadWays(start: string, states: States): Fault[] {
  const faults = [...faultsOfReach(start, states)];
  faults.push(...faultsOfSilence(states));
  const circle = findStatementCircle(states);
  if (circle !== undefined)
    faults.push({ path: `states.${circle}`, message: "it leads to itself without a question" });
  return faults;
}

/** Nobody is there after a time-out: the model must not be the next to be spoken to. */
function* faultsOfSilence(states: States): Generator<Fault> {
  for (const [name, state] of states) {
    if (!("ask" in state) || !state.timeout) continue;
    const unasked = spread([state.timeout.go], (to) =>
      isStatement(states.get(to)) ? targetsOf(states, to) : [],
    );
    const isModel = (to: string) => {
      const reached = states.get(to);
      return reached !== undefined && "end" in reached && reached.end === "model";
    };
    if ([...unasked].some(isModel))
      yield {
        path: `states.${name}.timeout.go`,
        message: "it leads to the model while nobody is there",
      };
  }
}

/** A statement that comes round to itself with nothing asked on the way: it would be said for ever. */
function findStatementCircle(states: States): string | undefined {
  const statements = (name: string) =>
    isStatement(states.get(name)) ? targetsOf(states, name) : [];
  return [...states.keys()].find((name) => {
    const after = statements(name).filter((to) => isStatement(states.get(to)));
    return spread(after, (to) => statements(to)).has(name);
  });
}

function isStatement(state: FlowState | undefined): boolean {
  return state !== undefined && !("ask" in state) && !("end" in state);
}

function targetsOf(states: States, name: string): string[] {
  const state = states.get(name);
  return state ? waysOf(state).map(({ to }) => to) : [];
}

/** All that can be reached from the first ones, they included. */
function spread(first: readonly string[], step: (name: string) => readonly string[]): Set<string> {
  const reached = new Set(first);
  for (const name of reached) for (const to of step(name)) reached.add(to);
  return reached;
}
