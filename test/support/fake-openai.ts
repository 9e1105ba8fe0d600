/**
 * The OpenAI API of the fake model server, beside its own as a real Ollama has both: what it answers about itself is that
 * of the flavour it is told to be.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import { type FakeModel, findModel } from "./fake-ollama-catalogue.ts";
import { type FakeChat, type FakeState, Refusal, runChat } from "./fake-ollama-chat.ts";
import { OPENAI_WORDING } from "./fake-wording.ts";

const part = v.variant("type", [
  v.strictObject({ type: v.literal("text"), text: v.string() }),
  v.strictObject({
    type: v.literal("image_url"),
    image_url: v.strictObject({ url: v.pipe(v.string(), v.startsWith("data:image/")) }),
  }),
]);

const toolCall = v.strictObject({
  id: v.string(),
  type: v.literal("function"),
  function: v.strictObject({ name: v.string(), arguments: v.string() }),
});

const chatSchema = v.strictObject({
  model: v.string(),
  messages: v.array(
    v.strictObject({
      role: v.picklist(["system", "user", "assistant", "tool"]),
      content: v.union([v.string(), v.array(part)]),
      tool_calls: v.optional(v.array(toolCall)),
      tool_call_id: v.optional(v.string()),
    }),
  ),
  tools: v.optional(
    v.array(v.strictObject({ type: v.literal("function"), function: v.looseObject({}) })),
  ),
  response_format: v.optional(
    v.strictObject({
      type: v.literal("json_schema"),
      json_schema: v.strictObject({ name: v.string(), schema: v.looseObject({}) }),
    }),
  ),
  stream: v.literal(true),
  stream_options: v.strictObject({ include_usage: v.literal(true) }),
  max_tokens: v.optional(v.number()),
  max_completion_tokens: v.optional(v.number()),
  temperature: v.optional(v.number()),
  top_p: v.optional(v.number()),
  seed: v.optional(v.number()),
  presence_penalty: v.optional(v.number()),
  frequency_penalty: v.optional(v.number()),
  stop: v.optional(v.array(v.string())),
  chat_template_kwargs: v.optional(v.strictObject({ enable_thinking: v.literal(false) })),
});

type OpenAiChat = v.InferOutput<typeof chatSchema>;

/** The last body that /v1/chat/completions took, as it came. */
export interface OpenAiState extends FakeState {
  lastBody: unknown;
}

const embedSchema = v.looseObject({ model: v.string(), input: v.array(v.string()) });

function textOf(content: OpenAiChat["messages"][number]["content"]): string {
  if (typeof content === "string") return content;
  return content.map((item) => (item.type === "text" ? item.text : "")).join("");
}

/** The same chat in the form that the fake thinks in. A server of this kind runs with its own context. */
function translate(chat: OpenAiChat, model: FakeModel): FakeChat {
  return {
    model: chat.model,
    messages: chat.messages.map(({ role, content }) => ({ role, content: textOf(content) })),
    stream: true,
    truncate: false,
    think: model.capabilities.includes("thinking") && !chat.chat_template_kwargs,
    options: {
      num_ctx: model.contextTokens,
      num_predict: chat.max_tokens ?? chat.max_completion_tokens ?? 1_000,
    },
  };
}

function installed({ settings }: FakeState): FakeModel[] {
  return settings.installed.flatMap((name) => findModel(name, settings.installed) ?? []);
}

const OWNERS = {
  "llama.cpp": "llamacpp",
  vllm: "vllm",
  "lm-studio": "organization_owner",
  hosted: "somebody",
} as const;

function listModels(state: FakeState) {
  const { flavour } = state.settings;
  const data = installed(state).map((model) => ({
    id: model.name,
    object: "model",
    owned_by: OWNERS[flavour],
    ...(flavour === "vllm" ? { max_model_len: model.contextTokens } : {}),
    ...(flavour === "llama.cpp"
      ? { meta: { n_ctx_train: model.contextTokens, n_params: 8.03e9, size: model.sizeBytes } }
      : {}),
  }));
  return { object: "list", data };
}

function listStudioModels(state: FakeState) {
  const data = installed(state).map(({ name, capabilities, contextTokens, quantization }) => ({
    id: name,
    type: capabilities.includes("embedding")
      ? "embeddings"
      : capabilities.includes("vision")
        ? "vlm"
        : "llm",
    state: state.loader.loaded.has(name) ? "loaded" : "not-loaded",
    quantization,
    max_context_length: contextTokens,
    capabilities: capabilities.includes("tools") ? ["tool_use"] : [],
  }));
  return { object: "list", data };
}

function showProps(state: FakeState) {
  const [model] = installed(state);
  const thinks = model?.capabilities.includes("thinking");
  return {
    build_info: "b9999-fake",
    default_generation_settings: { n_ctx: 4096 },
    modalities: { vision: model?.capabilities.includes("vision") ?? false },
    chat_template: thinks ? "{% if enable_thinking %}" : "{{ messages }}",
    chat_template_caps: { supports_tools: model?.capabilities.includes("tools") ?? false },
  };
}

function embed(state: FakeState, body: unknown) {
  const { model, input } = v.parse(embedSchema, body);
  if (!findModel(model, state.settings.installed))
    throw new Refusal(404, `The model \`${model}\` does not exist.`);
  const data = input.map((text, index) => ({ index, embedding: [text.length, 1, 0] }));
  return { data: data.toReversed(), usage: { prompt_tokens: input.length } };
}

async function chat(state: OpenAiState, body: unknown, { request, response, watch }: OpenAiCall) {
  const parsed = v.safeParse(chatSchema, body);
  if (!parsed.success) throw new Refusal(400, v.summarize(parsed.issues));
  state.lastBody = body;
  const model = findModel(parsed.output.model, state.settings.installed);
  if (!model) throw new Refusal(404, `The model \`${parsed.output.model}\` does not exist.`);
  const translated = translate(parsed.output, model);
  await runChat(state, translated, OPENAI_WORDING, {
    body,
    request,
    response,
    signal: watch(),
  });
}

export interface OpenAiCall {
  request: IncomingMessage;
  response: ServerResponse;
  readBody(): Promise<unknown>;
  /** Fires when the client leaves. */
  watch(): AbortSignal;
}

function verifyKey({ settings }: FakeState, request: IncomingMessage): void {
  if (settings.key !== "" && request.headers.authorization !== `Bearer ${settings.key}`)
    throw new Refusal(401, `Incorrect API key provided: ${request.headers.authorization}`);
}

/** Paths besides those of the API itself. */
const OWN_PATHS = {
  "llama.cpp": ["/props", "/health"],
  vllm: ["/version"],
  "lm-studio": ["/api/v0/models"],
  hosted: [],
} as const;

export function knowsOpenAiPath({ settings }: FakeState, path: string): boolean {
  const own: readonly string[] = OWN_PATHS[settings.flavour];
  return ["/v1/models", "/v1/chat/completions", "/v1/embeddings", ...own].includes(path);
}

/** The JSON that answers, or undefined where the answer was streamed. The path must be a known one. */
export async function answerOpenAi(state: OpenAiState, path: string, call: OpenAiCall) {
  verifyKey(state, call.request);
  switch (path) {
    case "/v1/models":
      return listModels(state);
    case "/v1/chat/completions":
      await chat(state, await call.readBody(), call);
      return undefined;
    case "/v1/embeddings":
      return embed(state, await call.readBody());
    case "/props":
      return showProps(state);
    case "/health":
      if (state.settings.fault === "503") throw new Refusal(503, "Loading model");
      return { status: "ok" };
    case "/version":
      return { version: "0.99.0" };
    default:
      return listStudioModels(state);
  }
}
