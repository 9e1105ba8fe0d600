/** The box's model, whose calls count for the people that they are for. */
import type { PersonId } from "../../core/ids.ts";
import type { Model } from "../../core/ports.ts";
import type { Env } from "../../env.ts";
import { countSpent, UsageTally } from "../../turn/spent-tokens.ts";
import { openModel } from "../isolate.ts";
import { noteSpent } from "../quota/quota-client.ts";

/** The same model, and what a call of it has cost so far; `name` is what is expected to answer. */
export function tallyCalls(model: Pick<Model, "chat">, name: string) {
  const tally = new UsageTally(name, () => Date.now());
  return { ...tally.over(model), spent: () => tally.usage };
}

export function openCountedModel(env: Env): ReturnType<typeof countSpent> {
  return countSpent(
    openModel(env),
    (personId, tokens) => noteSpent(env, personId as PersonId, { tokens }), // turns, documents, summaries and calls are people's
  );
}
