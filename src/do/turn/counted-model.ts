/** The box's model, whose calls count for the people that they are for. */
import type { PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { countSpent } from "../../turn/spent-tokens.ts";
import { openModel } from "../isolate.ts";
import { noteSpent } from "../quota/quota-client.ts";

export function openCountedModel(env: Env): ReturnType<typeof countSpent> {
  return countSpent(
    openModel(env),
    (personId, tokens) => noteSpent(env, personId as PersonId, { tokens }), // turns, documents, summaries and calls are people's
  );
}
