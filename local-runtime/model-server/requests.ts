/** What clients send to the model server, parsed: Ollama's own form, as far as it is served. */
import * as v from "valibot";
import type { EngineChat, EngineMessage } from "./engine.ts";

const MAX_MESSAGES = 4_096;
const MAX_TOOLS = 128;
const MAX_STOPS = 16;
const DEFAULT_CONTEXT_TOKENS = 8_192;
const MAX_CONTEXT_TOKENS = 1_048_576;
export const DEFAULT_KEEP_ALIVE_MS = 300_000;

const label = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));
const jsonObject = v.record(v.string(), v.unknown());
const between = (min: number, max: number) => v.pipe(v.number(), v.minValue(min), v.maxValue(max));

const messageSchema = v.object({
  role: v.picklist(["system", "user", "assistant", "tool"]),
  content: v.nullish(v.string(), ""),
  images: v.nullish(v.array(v.unknown()), []),
  tool_calls: v.nullish(
    v.pipe(
      v.array(
        v.object({ function: v.object({ name: label, arguments: v.nullish(jsonObject, {}) }) }),
      ),
      v.maxLength(MAX_TOOLS),
    ),
    [],
  ),
  tool_name: v.nullish(v.string()),
});

const toolSchema = v.object({
  function: v.object({
    name: label,
    description: v.nullish(v.string(), ""),
    parameters: v.nullish(jsonObject, {}),
  }),
});

const optionsSchema = v.object({
  num_ctx: v.nullish(
    v.pipe(v.number(), v.integer(), between(16, MAX_CONTEXT_TOKENS)),
    DEFAULT_CONTEXT_TOKENS,
  ),
  /** Negative: as many as there is room for. */
  num_predict: v.nullish(v.pipe(v.number(), v.integer()), -1),
  temperature: v.nullish(between(0, 10), 0.8),
  top_k: v.nullish(v.pipe(v.number(), v.integer(), between(0, 1_000_000)), 40),
  top_p: v.nullish(between(0, 1), 0.9),
  min_p: v.nullish(between(0, 1), 0),
  seed: v.nullish(v.pipe(v.number(), v.safeInteger())),
  stop: v.nullish(v.union([v.string(), v.pipe(v.array(v.string()), v.maxLength(MAX_STOPS))]), []),
});

const chatSchema = v.object({
  model: label,
  messages: v.nullish(v.pipe(v.array(messageSchema), v.maxLength(MAX_MESSAGES)), []),
  tools: v.nullish(v.pipe(v.array(toolSchema), v.maxLength(MAX_TOOLS)), []),
  format: v.nullish(v.union([v.picklist(["", "json"]), jsonObject])),
  stream: v.nullish(v.boolean(), true),
  think: v.nullish(v.union([v.boolean(), v.string()])),
  truncate: v.nullish(v.boolean(), true),
  keep_alive: v.nullish(v.union([v.number(), v.string()])),
  options: v.nullish(optionsSchema, {}),
});

const MAX_EMBED_TEXTS = 256;

const embedSchema = v.object({
  model: label,
  input: v.union([
    v.string(),
    v.pipe(
      v.array(v.string()),
      v.nonEmpty("one text at least is expected"),
      v.maxLength(MAX_EMBED_TEXTS),
    ),
  ]),
  dimensions: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  truncate: v.nullish(v.boolean(), true),
  keep_alive: v.nullish(v.union([v.number(), v.string()])),
  options: v.nullish(v.object({ num_ctx: optionsSchema.entries.num_ctx }), {}),
});

const showSchema = v.pipe(
  v.object({ model: v.nullish(label), name: v.nullish(label) }),
  v.transform(({ model, name }) => model ?? name),
  v.string("model is required"),
);

export interface ChatCall {
  model: string;
  contextTokens: number;
  /** Infinite where it is never unloaded; 0 unloads after the answer. */
  keepAliveMs: number;
  stream: boolean;
  /** Undefined where the client does not say. */
  think: boolean | undefined;
  /** Of a call that has no messages: it only loads the model, or unloads it. */
  hasMessages: boolean;
  hasImages: boolean;
  chat: Omit<EngineChat, "think">;
}

export interface EmbedCall {
  model: string;
  texts: string[];
  /** Undefined: as many as the model has. */
  dimensions: number | undefined;
  truncate: boolean;
  contextTokens: number;
  keepAliveMs: number;
}

/** What is wrong with a request; the client's fault. */
export class BadRequest extends Error {}

/** Throws BadRequest. */
export function parseChat(body: unknown): ChatCall {
  const given = parse(chatSchema, body);
  const { options } = given;
  const stops = typeof options.stop === "string" ? [options.stop] : options.stop;
  return {
    model: given.model,
    contextTokens: options.num_ctx,
    keepAliveMs: parseKeepAlive(given.keep_alive ?? undefined),
    stream: given.stream,
    think: given.think === undefined || given.think === null ? undefined : given.think !== false,
    hasMessages: given.messages.length > 0,
    hasImages: given.messages.some(({ images }) => images.length > 0),
    chat: {
      messages: given.messages.map(toEngineMessage),
      tools: given.tools.map((tool) => tool.function),
      ...(given.format ? { format: given.format } : {}),
      ...(options.num_predict < 0 ? {} : { maxTokens: Math.max(1, options.num_predict) }),
      truncate: given.truncate,
      sampling: {
        temperature: options.temperature,
        topK: options.top_k,
        topP: options.top_p,
        minP: options.min_p,
        ...(typeof options.seed === "number" ? { seed: options.seed } : {}),
      },
      stop: stops.filter((stop) => stop !== ""),
    },
  };
}

/** Throws BadRequest. */
export function parseEmbed(body: unknown): EmbedCall {
  const { model, input, dimensions, truncate, keep_alive, options } = parse(embedSchema, body);
  return {
    model,
    texts: typeof input === "string" ? [input] : input,
    dimensions: dimensions ?? undefined,
    truncate,
    contextTokens: options.num_ctx,
    keepAliveMs: parseKeepAlive(keep_alive ?? undefined),
  };
}

/** The model's name. Throws BadRequest. */
export function parseShow(body: unknown): string {
  return parse(showSchema, body);
}

function toEngineMessage(message: v.InferOutput<typeof messageSchema>): EngineMessage {
  return {
    role: message.role,
    content: message.content,
    toolCalls: message.tool_calls.map(({ function: { name, arguments: given } }) => ({
      name,
      arguments: given,
    })),
    ...(message.tool_name ? { toolName: message.tool_name } : {}),
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A number of seconds, or a text such as `30m` or `1h30m`; negative means for ever. Throws BadRequest. */
export function parseKeepAlive(given: number | string | undefined): number {
  if (given === undefined) return DEFAULT_KEEP_ALIVE_MS;
  if (typeof given === "number") return given < 0 ? Number.POSITIVE_INFINITY : given * 1_000;
  if (/^-/.test(given)) return Number.POSITIVE_INFINITY;
  if (/^\d+$/.test(given)) return Number(given) * 1_000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(given))
    throw new BadRequest(`invalid keep_alive "${given.slice(0, 40)}"`);
  const parts = [...given.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce(
    (sum, [, count = "0", unit = "s"]) => sum + Number(count) * (UNIT_MS[unit] ?? 0),
    0,
  );
}

function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new BadRequest(`${v.getDotPath(issue) ?? "body"}: ${issue.message}`);
}
