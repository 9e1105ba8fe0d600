/** What the commands ask of a model server that speaks Ollama's API: the built-in one, or Ollama itself. */
import * as v from "valibot";
import { EXIT, HostError } from "../host-error.ts";
import { LineSplitter } from "../logs/line-splitter.ts";

const ANSWER_TIMEOUT_MS = 5_000;
/** Between two lines of a pull: a server may think about a hash for long. */
const PULL_SILENCE_MS = 120_000;
const MAX_MODELS = 256;

const count = v.pipe(v.number(), v.minValue(0));
const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));

const TagsSchema = v.object({
  models: v.pipe(
    v.array(
      v.object({
        name,
        size: count,
        details: v.optional(
          v.object({
            parameter_size: v.optional(v.string(), ""),
            quantization_level: v.optional(v.string(), ""),
          }),
          {},
        ),
      }),
    ),
    v.transform((models) => models.slice(0, MAX_MODELS)),
  ),
});

const ShowSchema = v.object({
  capabilities: v.nullish(v.array(v.string()), []),
  details: v.optional(
    v.object({
      family: v.optional(v.string(), ""),
      parameter_size: v.optional(v.string(), ""),
      quantization_level: v.optional(v.string(), ""),
    }),
    {},
  ),
  model_info: v.nullish(v.record(v.string(), v.unknown()), {}),
});

const PullLineSchema = v.object({
  status: v.optional(v.string(), ""),
  total: v.optional(count, 0),
  completed: v.optional(count, 0),
  error: v.optional(v.string()),
});

const ChatSchema = v.object({
  done: v.literal(true),
  prompt_eval_count: v.optional(count, 0),
  prompt_cached_count: v.optional(count, 0),
  prompt_eval_duration: v.optional(count, 0),
  eval_count: v.optional(count, 0),
  eval_duration: v.optional(count, 0),
  load_duration: v.optional(count, 0),
});

const ErrorSchema = v.object({ error: v.string() });

export type ServerModel = v.InferOutput<typeof TagsSchema>["models"][number];
export type ShownModel = v.InferOutput<typeof ShowSchema>;
export type ChatCounts = v.InferOutput<typeof ChatSchema>;

interface Call {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  body?: object;
  timeoutMs?: number;
  /** The model that it is about, for its errors. */
  model?: string;
}

/** Undefined where no such server answers. */
export async function findServerModels(url: string): Promise<ServerModel[] | undefined> {
  try {
    return (await ask(url, { path: "/api/tags" }, TagsSchema)).models;
  } catch {
    return undefined;
  }
}

/** Throws model/missing or model/server_failed. */
export async function showServerModel(url: string, model: string): Promise<ShownModel> {
  return await ask(url, { method: "POST", path: "/api/show", body: { model }, model }, ShowSchema);
}

/** Throws model/missing or model/server_failed. */
export async function removeServerModel(url: string, model: string): Promise<void> {
  const response = await send(url, {
    method: "DELETE",
    path: "/api/delete",
    body: { model },
    model,
  });
  await response.body?.cancel();
}

/** One whole answer; only its counts. Throws model/missing or model/server_failed. */
export async function chatForCounts(
  url: string,
  body: { model: string; [field: string]: unknown },
  timeoutMs: number,
): Promise<ChatCounts> {
  const call = { method: "POST", path: "/api/chat", timeoutMs, model: body.model } as const;
  return await ask(url, { ...call, body: { ...body, stream: false } }, ChatSchema);
}

export interface PullProgress {
  /** The server's own word for what it does. */
  status: string;
  completedBytes: number;
  totalBytes: number;
}

/** Throws model/server_failed, also where the server says within the stream that it failed. */
export async function pullServerModel(
  url: string,
  model: string,
  onProgress: (progress: PullProgress) => void,
): Promise<void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), PULL_SILENCE_MS);
  let done = false;
  const splitter = new LineSplitter((line) => {
    const { status, total, completed, error } = parseLine(line);
    if (error !== undefined) throw serverFailed(`the server says: ${error}`);
    done = status === "success";
    onProgress({ status, completedBytes: completed, totalBytes: total });
  });
  try {
    const call = { method: "POST", path: "/api/pull", body: { model }, model } as const;
    const response = await send(url, call, silence.signal);
    for await (const bytes of response.body ?? []) {
      timer.refresh();
      splitter.push(Buffer.from(bytes));
    }
    splitter.end();
  } catch (error) {
    throw error instanceof HostError ? error : serverFailed("the connection was lost");
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
  if (!done) throw serverFailed("it ended before it was done");
}

function parseLine(line: string): v.InferOutput<typeof PullLineSchema> {
  const parsed = v.safeParse(PullLineSchema, parseJson(line));
  if (!parsed.success) throw serverFailed("what it says cannot be understood");
  return parsed.output;
}

async function ask<const Schema extends v.GenericSchema>(
  url: string,
  call: Call,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const response = await send(url, call);
  const parsed = v.safeParse(schema, parseJson(await response.text()));
  if (!parsed.success) throw serverFailed("what it says cannot be understood");
  return parsed.output;
}

async function send(url: string, call: Call, signal?: AbortSignal): Promise<Response> {
  const { method = "GET", path, body, timeoutMs = ANSWER_TIMEOUT_MS, model } = call;
  let response: Response;
  try {
    response = await fetch(url + path, {
      method,
      redirect: "error",
      signal: signal ?? AbortSignal.timeout(timeoutMs),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    throw serverFailed(`nothing answers at ${url}`);
  }
  if (response.ok) return response;
  const parsed = v.safeParse(ErrorSchema, parseJson(await response.text()));
  if (response.status === 404 && parsed.success && model !== undefined) throw missing(model, url);
  throw serverFailed(parsed.success ? parsed.output.error : `it answers ${response.status}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function missing(model: string, where: string): HostError {
  return new HostError({
    code: "model/missing",
    message: `There is no model "${printable(model)}" (${where}).`,
    fix: "`npx rockpool model list` shows those that there are, and those that can be pulled.",
    exitStatus: EXIT.unavailable,
  });
}

function serverFailed(what: string): HostError {
  return new HostError({
    code: "model/server_failed",
    message: `The model server could not do it: ${printable(what)}.`,
    fix: "`npx rockpool doctor` says whether it runs, and where.",
    exitStatus: EXIT.unavailable,
  });
}

/** The server's words must not steer the terminal. */
export function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, 300);
}
