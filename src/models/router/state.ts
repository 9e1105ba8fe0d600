/** What several model servers say of themselves, as one answer. */
import type { GateState } from "../../core/gate-protocol.ts";
import type { InstalledModel, ModelAlias, ModelServerState } from "../../core/ports.ts";
import { ALIASES, AUTO, isSameModel } from "./names.ts";
import type { RoutedServer, Target } from "./routed-server.ts";

export interface StateOf {
  on: RoutedServer;
  state: ModelServerState;
}

interface Meanings {
  /** What a name means, memory left aside. */
  resolve(name: string): Promise<Target>;
  /** What answers now where nobody has chosen. */
  first(): Promise<Target>;
  /** Set while memory is short and a small model stands ready. */
  freePercent: number | undefined;
}

export async function mergeStates(
  states: readonly StateOf[],
  meanings: Meanings,
): Promise<ModelServerState> {
  const queues = states.flatMap(({ state }) => state.queue ?? []);
  const shared = {
    ...(states.length > 1 ? { servers: states.map(summarise) } : {}),
    ...(queues.length > 0 ? { queue: queues.reduce(addQueues) } : {}),
  };
  const up = states.flatMap(({ state }) => (state.status === "up" ? [state] : []));
  const [main] = up;
  const [{ state: first } = { state: undefined }] = states;
  if (!main) {
    const code = first?.status === "down" ? first.code : "model/unavailable";
    return { status: "down", code, ...shared };
  }
  const chosen = await nameIfKnown(states, meanings.first());
  const aliases = ALIASES.map(async (alias): Promise<ModelAlias> => {
    const model = await nameIfKnown(states, meanings.resolve(alias));
    return { alias, ...(model === undefined ? {} : { model }) };
  });
  const { freePercent } = meanings;
  return {
    status: "up",
    version: main.version,
    models: listModels(states),
    ...(chosen === undefined ? {} : { chosen }),
    aliases: await Promise.all(aliases),
    ...(freePercent === undefined || chosen === undefined
      ? {}
      : { pressure: { freePercent, model: chosen } }),
    ...shared,
  };
}

function summarise({ on, state }: StateOf) {
  return state.status === "up"
    ? { name: on.name, status: state.status }
    : { name: on.name, status: state.status, code: state.code };
}

function addQueues(a: GateState, b: GateState): GateState {
  return { slots: a.slots + b.slots, busy: a.busy + b.busy, waiting: a.waiting + b.waiting };
}

function modelsOf({ state }: StateOf): InstalledModel[] {
  return state.status === "up" ? state.models : [];
}

/** A name that several servers have is told by its server. */
function listModels(states: readonly StateOf[]): InstalledModel[] {
  if (states.length === 1) return states.flatMap(modelsOf);
  return states.flatMap((each) =>
    modelsOf(each).map((model) => ({
      ...model,
      name: publicName(states, each.on, model.name),
      server: each.on.name,
    })),
  );
}

function publicName(states: readonly StateOf[], on: RoutedServer, model: string): string {
  const owners = states.filter((each) => modelsOf(each).some(({ name }) => name === model));
  return owners.length > 1 ? `${model}@${on.name}` : model;
}

/** Undefined where the target means nothing, or a model that its server does not list. */
async function nameIfKnown(
  states: readonly StateOf[],
  target: Promise<Target>,
): Promise<string | undefined> {
  const found = await target.catch(() => undefined);
  const its = states.find(({ on }) => on === found?.on);
  if (!(found && its) || its.state.status === "down") return undefined;
  const model =
    found.model === AUTO
      ? its.state.chosen
      : its.state.models.find(({ name }) => isSameModel(name, found.model))?.name;
  return model === undefined ? undefined : publicName(states, its.on, model);
}
