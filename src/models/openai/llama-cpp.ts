/**
 * llama.cpp's own server. It states the context of a slot, what the model's template can do and whether the model is
 * loaded; it serves one model, and an over-long prompt is an error there, not a silent cut.
 */
import * as v from "valibot";
import { count, label } from "../fields.ts";
import type { ServerAddress } from "../request.ts";
import { askIfKnown } from "./ask.ts";
import { type Flavour, type ModelFacts, ownedBy, type ServerFacts } from "./flavour.ts";
import type { OpenAiModel } from "./schema.ts";

const propsSchema = v.object({
  build_info: v.nullish(label, ""),
  default_generation_settings: v.nullish(v.object({ n_ctx: v.nullish(count) })),
  modalities: v.nullish(v.object({ vision: v.nullish(v.boolean(), false) })),
  chat_template: v.nullish(v.string(), ""),
  chat_template_caps: v.nullish(v.record(v.string(), v.unknown())),
});

type Props = v.InferOutput<typeof propsSchema>;

/** 200 once the model is loaded, 503 before. */
const healthSchema = v.object({ status: v.literal("ok") });

export const llamaCpp: Flavour = {
  claims: (models) => ownedBy(models, "llamacpp"),

  async describe(server: ServerAddress, models, signal): Promise<ServerFacts> {
    const [props, health] = await Promise.all([
      askIfKnown(server, "/props", propsSchema, signal),
      askIfKnown(server, "/health", healthSchema, signal),
    ]);
    const facts = (model: OpenAiModel) =>
      [model.id, describeModel(model, props, health !== undefined)] as const;
    return {
      version: `llama.cpp ${props?.build_info ?? ""}`.trim(),
      models: new Map(models.map(facts)),
    };
  },

  /** Its template thinks unless it is told not to. */
  extraFields: ({ thinks }) => (thinks ? { chat_template_kwargs: { enable_thinking: false } } : {}),

  maxTokensField: "max_tokens",
};

function describeModel(
  { meta }: OpenAiModel,
  props: Props | undefined,
  loaded: boolean,
): ModelFacts {
  const template = props?.chat_template ?? "";
  return {
    contextTokens:
      props?.default_generation_settings?.n_ctx || (meta?.n_ctx_train ?? undefined) || undefined,
    answers: true,
    tools: takesTools(props, template),
    vision: props?.modalities?.vision ?? false,
    thinks: template.includes("enable_thinking"),
    loaded,
    sizeBytes: meta?.size ?? 0,
    parameters: meta?.n_params ? `${(meta.n_params / 1e9).toFixed(1)}B` : undefined,
  };
}

/** Newer builds say so; of older ones the template does, where they hand it out. */
function takesTools(props: Props | undefined, template: string): boolean {
  const stated = props?.chat_template_caps?.supports_tools;
  return typeof stated === "boolean" ? stated : template.includes("tools");
}
