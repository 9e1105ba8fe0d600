/** What /model and /status say of models: which one answers, what there is, what is wrong. Pure but for its ports. */
import type { InstalledModel, ModelServerState } from "../core/ports.ts";
import type { CommandPorts, Say } from "./commands.ts";

const AUTO = "auto";

/** The model that a conversation's choice stands for now; undefined where it stands for none. */
function meaningOf(wanted: string, state: ModelServerState): string | undefined {
  if (state.status === "down") return wanted;
  if (wanted === AUTO) return state.chosen;
  const alias = state.aliases?.find((each) => each.alias === wanted);
  return alias ? alias.model : wanted;
}

/** Lines of /status. */
export function describeModels(wanted: string, state: ModelServerState, say: Say): string[] {
  const away = (state.servers ?? []).filter(({ status }) => status === "down");
  if (state.status === "down") return [say("statusModelDown")];
  const { pressure } = state;
  const model = meaningOf(wanted, state);
  return [
    model === undefined ? say("statusNoModel") : say("statusModel", { model }),
    ...(pressure
      ? [say("statusPressure", { percent: pressure.freePercent, model: pressure.model })]
      : []),
    ...away.map(({ name }) => say("statusServerAway", { name })),
  ];
}

function listNames(state: ModelServerState, none: string): string {
  if (state.status === "down" || state.models.length === 0) return none;
  return state.models.map((model) => `\`${model.name}\``).join(", ");
}

/** As people may write it: with its server, and without where that is enough for them. */
function isNamed({ name, server }: InstalledModel, written: string): boolean {
  const suffix = `@${server}`;
  const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return written === name || written === bare || written === `${bare}${suffix}`;
}

function isKnown(written: string, state: ModelServerState): boolean {
  if (written === AUTO) return true;
  if (state.status === "down") return false;
  const isAlias = state.aliases?.some(({ alias, model }) => alias === written && model);
  return isAlias || state.models.some((model) => isNamed(model, written));
}

function showModels(state: ModelServerState, { say, sessionModel }: CommandPorts): string {
  const wanted = sessionModel();
  const meaning = meaningOf(wanted, state);
  const name =
    meaning === wanted && wanted !== AUTO
      ? wanted
      : say("modelAuto", {
          name: wanted,
          model: meaning === undefined || meaning === AUTO ? say("modelNone") : meaning,
        });
  const aliases = (state.status === "up" ? (state.aliases ?? []) : []).flatMap(
    ({ alias, model }) => (model === undefined ? [] : [`\`${alias}\` (${model})`]),
  );
  return [
    say("modelNow", { model: name }),
    say("modelList", { models: listNames(state, say("modelNone")) }),
    ...(aliases.length > 0 ? [say("modelAliases", { aliases: aliases.join(", ") })] : []),
  ].join("\n");
}

/** /model, with what was written after it. */
export async function chooseModel(args: string, ports: CommandPorts): Promise<string> {
  const { say } = ports;
  const state = await ports.modelState();
  if (args === "") return showModels(state, ports);
  if (!isKnown(args, state))
    return say("modelUnknown", {
      model: args.slice(0, 80),
      models: listNames(state, say("modelNone")),
    });
  const isChosen = await ports.setSessionModel(args);
  return isChosen ? say("modelSet", { model: args }) : say("modelTooMany");
}
