/** POST /api/chat of the fake server: the refusals, the waits and the stream of one chat, with its fault. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { composeAnswer, countTokens, type FakePiece } from "./fake-ollama-answer.ts";
import { type FakeModel, findModel } from "./fake-ollama-catalogue.ts";
import type { HoldGate, Loader, Slots } from "./fake-ollama-queue.ts";
import type { FakeSettings } from "./fake-ollama-settings.ts";
import { findToolCall } from "./fake-tool-call.ts";
import { OLLAMA_WORDING, type Wording } from "./fake-wording.ts";
import { withoutTime } from "./told-time.ts";

const SPLIT_BYTES = 17;
const TOKENS_BETWEEN_TURNS = 64;

const toolCall = v.strictObject({
  id: v.string(),
  function: v.strictObject({ name: v.string(), arguments: v.looseObject({}) }),
});

const chatSchema = v.strictObject({
  model: v.string(),
  messages: v.array(
    v.strictObject({
      role: v.picklist(["system", "user", "assistant", "tool"]),
      content: v.string(),
      images: v.optional(v.array(v.string())),
      tool_calls: v.optional(v.array(toolCall)),
      tool_call_id: v.optional(v.string()),
      tool_name: v.optional(v.string()),
    }),
  ),
  tools: v.optional(
    v.array(v.strictObject({ type: v.literal("function"), function: v.looseObject({}) })),
  ),
  format: v.optional(v.looseObject({})),
  /** False for a chat without messages, which loads the model. */
  stream: v.boolean(),
  think: v.optional(v.boolean()),
  truncate: v.optional(v.boolean()),
  keep_alive: v.optional(v.string()),
  options: v.strictObject({
    num_ctx: v.number(),
    num_predict: v.optional(v.number(), 1_000_000),
    temperature: v.optional(v.number()),
    top_p: v.optional(v.number()),
    seed: v.optional(v.number()),
    presence_penalty: v.optional(v.number()),
    frequency_penalty: v.optional(v.number()),
    stop: v.optional(v.array(v.string())),
  }),
});

export type FakeChat = v.InferOutput<typeof chatSchema>;
export type StrikingFault = FakeSettings["fault"];

interface FakeCounters {
  chats: number;
  completed: number;
  /** Chats without messages. */
  warmUps: number;
  /** Chats whose client left before the end. */
  aborted: number;
  tokensOut: number;
  /** Without the times at which its messages were sent. */
  lastChat: FakeChat | undefined;
}

export interface FakeState {
  settings: FakeSettings;
  gate: HoldGate;
  slots: Slots;
  loader: Loader;
  counters: FakeCounters;
  /** The fault of the next chat, drawn by `rate`. */
  drawFault(): StrikingFault;
}

/** An answer other than a stream. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const BUSY = "server busy, please try again.  maximum pending requests exceeded";

function refuseByFault(fault: StrikingFault, chat: FakeChat): void {
  if (fault === "400") throw new Refusal(400, "invalid options: num_ctx");
  if (fault === "404") throw new Refusal(404, `model '${chat.model}' not found`);
  if (fault === "429") throw new Refusal(429, "too many requests");
  if (fault === "500") throw new Refusal(500, "template: :3: unexpected EOF");
  if (fault === "503") throw new Refusal(503, BUSY);
  if (fault === "memory")
    throw new Refusal(
      500,
      "model requires more system memory (5.6 GiB) than is available (3.1 GiB)",
    );
}

function admitModel(chat: FakeChat, settings: FakeSettings): FakeModel {
  const model = findModel(chat.model, settings.installed);
  if (!model) throw new Refusal(404, `model '${chat.model}' not found`);
  if (!model.capabilities.includes("completion"))
    throw new Refusal(400, `"${chat.model}" does not support chat`);
  if (chat.think && !model.capabilities.includes("thinking"))
    throw new Refusal(400, `"${chat.model}" does not support thinking`);
  return model;
}

function countPrompt(chat: FakeChat, contextTokens: number): number {
  const tokens = chat.messages.reduce((sum, message) => sum + countTokens(message.content) + 4, 0);
  if (tokens > contextTokens && chat.truncate === false)
    throw new Refusal(400, "the input length exceeds the context length");
  return Math.min(tokens, contextTokens);
}

async function loadModel(state: FakeState, model: FakeModel, chat: FakeChat, signal: AbortSignal) {
  const contextTokens = Math.min(chat.options.num_ctx, model.contextTokens);
  if (state.loader.isLoaded(model.name, contextTokens)) return;
  if (state.loader.waiting >= state.settings.maxQueue) throw new Refusal(503, BUSY);
  await state.loader.load(model.name, contextTokens, state.settings.loadMs, signal);
}

async function write(response: ServerResponse, text: string | Buffer, signal: AbortSignal) {
  signal.throwIfAborted();
  if (!response.write(text)) await once(response, "drain", { signal });
}

async function writeSplit(response: ServerResponse, line: string, signal: AbortSignal) {
  const bytes = Buffer.from(line);
  for (let start = 0; start < bytes.length; start += SPLIT_BYTES) {
    await write(response, bytes.subarray(start, start + SPLIT_BYTES), signal);
    await nextTurn();
  }
}

/** What one chat's stream needs to know. */
interface Streaming {
  chat: FakeChat;
  model: FakeModel;
  fault: StrikingFault;
  wording: Wording;
  response: ServerResponse;
  signal: AbortSignal;
}

/** False where the stream ends at this token. */
async function strike(state: FakeState, streaming: Streaming): Promise<boolean> {
  const { chat, wording, response, signal } = streaming;
  switch (streaming.fault) {
    case "stall":
      await sleep(state.settings.stallMs, undefined, { signal });
      return true;
    case "badjson":
      await write(response, wording.broken(chat.model), signal);
      return true;
    case "reset":
      await nextTurn(); // the tokens before it leave first
      response.socket?.resetAndDestroy();
      return false;
    case "truncate":
      response.end();
      return false;
    case "miderror":
      response.end(wording.failure("an error was encountered while running the model"));
      return false;
    default:
      return true;
  }
}

async function pace(index: number, startMs: number, tokenMs: number, signal: AbortSignal) {
  const waitMs = startMs + (index + 1) * tokenMs - performance.now();
  if (tokenMs > 0 && waitMs >= 1) await sleep(waitMs, undefined, { signal });
  else if (index % TOKENS_BETWEEN_TURNS === TOKENS_BETWEEN_TURNS - 1) await nextTurn();
}

function composePieces({ settings }: FakeState, { chat, model, fault }: Streaming): FakePiece[] {
  if (fault === "wordless") return [];
  const asked = chat.messages.findLast((message) => message.role === "user");
  const question = asked ? withoutTime(asked).content : "";
  const think = model.capabilities.includes("thinking") && chat.think !== false;
  return composeAnswer(question, think, settings);
}

async function streamAnswer(state: FakeState, streaming: Streaming, promptTokens: number) {
  const { chat, fault, wording, response, signal } = streaming;
  const { settings, counters } = state;
  const call = findToolCall(chat);
  const pieces = call ? [] : composePieces(state, streaming);
  const count = Math.min(pieces.length, chat.options.num_predict);
  const remote = fault === "remote" ? ',"remote_host":"https://ollama.com:443"' : "";
  const startMs = performance.now();
  response.writeHead(200, { "content-type": wording.contentType });
  if (call) await write(response, wording.call(chat.model, call), signal);
  for (const [index, piece] of pieces.slice(0, count).entries()) {
    if (index === settings.at && !(await strike(state, streaming))) return;
    const line = wording.piece(chat.model, piece, remote);
    if (fault === "split") await writeSplit(response, line, signal);
    else await write(response, line, signal);
    counters.tokensOut += 1;
    if (index < count - 1) await pace(index, startMs, settings.tokenMs, signal);
  }
  counters.completed += 1;
  const last = wording.last({
    model: chat.model,
    reason: count < pieces.length ? "length" : "stop",
    promptTokens,
    outputTokens: count,
  });
  if (fault === "emptydone") response.end();
  else if (fault === "linger") await write(response, last, signal);
  else response.end(last);
}

/** What a request becomes before it is answered in the words of its protocol. */
interface Asked {
  body: unknown;
  request: IncomingMessage;
  response: ServerResponse;
  signal: AbortSignal;
}

export async function answerChat(state: FakeState, asked: Asked): Promise<void> {
  const parsed = v.safeParse(chatSchema, asked.body);
  if (!parsed.success) throw new Refusal(400, v.summarize(parsed.issues));
  await runChat(state, parsed.output, OLLAMA_WORDING, asked);
}

export async function runChat(
  state: FakeState,
  chat: FakeChat,
  wording: Wording,
  { request, response, signal }: Asked,
): Promise<void> {
  const { settings, counters, gate, slots } = state;
  if (chat.messages.length === 0) {
    counters.warmUps += 1;
    await loadModel(state, admitModel(chat, settings), chat, signal);
    response.end(JSON.stringify({ model: chat.model, done: true, done_reason: "load" }));
    return;
  }
  counters.chats += 1;
  counters.lastChat = { ...chat, messages: chat.messages.map(withoutTime) };
  const fault = state.drawFault();
  refuseByFault(fault, chat);
  if (fault === "reset0") {
    request.socket.resetAndDestroy();
    return;
  }
  const model = admitModel(chat, settings);
  await gate.pass(signal);
  await loadModel(state, model, chat, signal);
  const promptTokens = countPrompt(chat, chat.options.num_ctx);
  await slots.acquire(signal);
  try {
    const waitMs = settings.firstTokenMs + (fault === "slowheaders" ? settings.stallMs : 0);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    await streamAnswer(state, { chat, model, fault, wording, response, signal }, promptTokens);
  } finally {
    slots.release();
  }
}
