/**
 * vLLM. It states the longest context in its list. Whether it can call tools it does not say: a parser has to be named
 * when it is started, and without one a chat with tools is an error, so that it counts as unable. Its models are loaded.
 */
import * as v from "valibot";
import { label } from "../fields.ts";
import { askIfKnown } from "./ask.ts";
import { type Flavour, ownedBy, UNKNOWN_MODEL } from "./flavour.ts";

const versionSchema = v.object({ version: label });

export const vllm: Flavour = {
  claims: (models) => ownedBy(models, "vllm"),

  async describe(server, models, signal) {
    const answer = await askIfKnown(server, "/version", versionSchema, signal);
    const facts = models.map(
      ({ id, max_model_len }) =>
        [
          id,
          { ...UNKNOWN_MODEL, tools: false, contextTokens: max_model_len || undefined },
        ] as const,
    );
    return { version: `vLLM ${answer?.version ?? ""}`.trim(), models: new Map(facts) };
  },

  /** A template that knows the word does not think then; others do not mind it. */
  extraFields: () => ({ chat_template_kwargs: { enable_thinking: false } }),

  maxTokensField: "max_tokens",
};
