/**
 * LM Studio. An address of its own lists what each model can do and whether it is loaded: one that is not is loaded by
 * the first chat. Unknown paths are answered with status 200 and an error, which no schema takes.
 */
import * as v from "valibot";
import { capabilities, count, label, listOf, name } from "../fields.ts";
import { askIfKnown } from "./ask.ts";
import { type Flavour, type ModelFacts, ownedBy } from "./flavour.ts";

const modelsSchema = v.object({
  data: listOf(
    v.object({
      id: name,
      type: v.nullish(label, "llm"),
      state: v.nullish(label, ""),
      quantization: v.nullish(label),
      max_context_length: v.nullish(count),
      loaded_context_length: v.nullish(count),
      capabilities: v.nullish(capabilities, []),
    }),
  ),
});

type StudioModel = v.InferOutput<typeof modelsSchema>["data"][number];

export const lmStudio: Flavour = {
  claims: (models) => ownedBy(models, "organization_owner"),

  async describe(server, _models, signal) {
    const answer = await askIfKnown(server, "/api/v0/models", modelsSchema, signal);
    const facts = (answer?.data ?? []).map((model) => [model.id, describeModel(model)] as const);
    return { version: "LM Studio", models: new Map(facts) };
  },

  extraFields: () => ({}),

  maxTokensField: "max_tokens",
};

function describeModel(model: StudioModel): ModelFacts {
  return {
    contextTokens: model.loaded_context_length || model.max_context_length || undefined,
    answers: model.type === "llm" || model.type === "vlm",
    tools: model.capabilities.includes("tool_use"),
    vision: model.type === "vlm",
    thinks: false,
    loaded: model.state === "loaded",
    sizeBytes: 0,
    quantization: model.quantization ?? undefined,
  };
}
