/** What platforms, model servers and the program that opens files answer to calls of ours, besides chats. */
import { readAnswer } from "../../../src/adapters/telegram/answer.ts";
import { parseSent } from "../../../src/adapters/telegram/send.ts";
import { ProcessCache } from "../../../src/cache/process-cache.ts";
import { parsePdfText, renderPdfText } from "../../../src/core/file-reader-protocol.ts";
import { createOllama } from "../../../src/models/ollama/ollama.ts";
import { createOpenAi } from "../../../src/models/openai/openai.ts";
import { transcribe } from "../../../src/models/transcribe.ts";
import {
  coded,
  codedIn,
  type FuzzedParser,
  fuzzBytes,
  fuzzJson,
  fuzzText,
  named,
} from "./fuzzed-parser.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const nowMs = () => 1;

/** A server that answers the same to whatever it is asked. */
function serverOf(body: Uint8Array) {
  const fetch = async () => new Response(body.slice());
  return { fetch, baseUrl: "http://127.0.0.1:11434" };
}

function optionsOf(body: Uint8Array) {
  return {
    ...serverOf(body),
    contextTokens: 4_096,
    memoryBytes: 8e9,
    patience: { firstTokenMs: 60_000, nextTokenMs: 20_000 },
    cache: new ProcessCache({ binding: undefined, nowMs }),
    nowMs,
  };
}

const OLLAMA_LIST = {
  models: [
    { name: "chat:8b", size: 5e9, details: { family: "qwen3", parameter_size: "8.2B" } },
    { name: "tiny:1b", size: 8e8, size_vram: 8e8, context_length: 4_096 },
  ],
  version: "0.9.0",
  capabilities: ["completion", "tools", "vision"],
  model_info: { "qwen3.context_length": 40_960 },
};

const OPENAI_LIST = {
  object: "list",
  data: [{ id: "chat", object: "model", owned_by: "vllm", max_model_len: 8_192 }],
  version: "0.12",
  status: "ok",
};

const EMBEDDINGS = { embeddings: [[0.1, -0.2]], prompt_eval_count: 3 };
/** A server that answers all in one: the models are the vectors, too. */
const OPENAI_ALL = {
  ...OPENAI_LIST,
  data: OPENAI_LIST.data.map((model) => ({ ...model, index: 0, embedding: [0.1, -0.2] })),
  usage: { prompt_tokens: 3 },
};
const CALLER = { personId: "p1", priority: "interactive" } as const;
const EMBED = { caller: CALLER, model: "chat", texts: ["a"] };

const SPEECH = { mime: "audio/ogg", bytes: new Uint8Array([79, 103, 103]) };

const TELEGRAM = [
  { ok: true, result: { message_id: 7, chat: { id: 1 } } },
  { ok: false, error_code: 429, description: "Too Many", parameters: { retry_after: 3 } },
];

const isModelError = codedIn("model/");
const signal = new AbortController().signal;
const few = { runs: 3_000 };

export const SERVER_ANSWERS: readonly FuzzedParser[] = [
  fuzzBytes(
    "answers of the Bot API",
    TELEGRAM.map(encode),
    (bytes) => readAnswer(new Response(bytes.slice())),
    { isRefusal: named("Error"), runs: 4_000 },
  ),
  fuzzJson("messages that Telegram took", [{ message_id: 7, date: 1 }], parseSent, {
    isRefusal: coded("channel/unavailable"),
    ...few,
  }),
  fuzzBytes(
    "lists of models of Ollama",
    [encode(OLLAMA_LIST)],
    (bytes) => createOllama(optionsOf(bytes)).profile("chat:8b"),
    { isRefusal: isModelError, ...few },
  ),
  fuzzBytes(
    "lists of models of OpenAI's API",
    [encode(OPENAI_LIST)],
    (bytes) => createOpenAi(optionsOf(bytes)).listed(signal),
    { isRefusal: isModelError, ...few },
  ),
  fuzzBytes(
    "vectors of Ollama",
    [encode({ ...OLLAMA_LIST, ...EMBEDDINGS })],
    (bytes) => createOllama(optionsOf(bytes)).embed({ ...EMBED, model: "chat:8b" }, signal),
    { isRefusal: isModelError, ...few },
  ),
  fuzzBytes(
    "vectors of OpenAI's API",
    [encode(OPENAI_ALL)],
    (bytes) => createOpenAi(optionsOf(bytes)).embed(EMBED, signal),
    { isRefusal: isModelError, ...few },
  ),
  fuzzBytes(
    "transcripts of voice notes",
    [encode({ text: "hello there" })],
    (bytes) => transcribe(serverOf(bytes), "whisper", SPEECH, signal),
    { isRefusal: isModelError, ...few },
  ),
  fuzzText(
    "texts of PDF documents",
    [renderPdfText({ text: "One", isCut: false }), renderPdfText({ text: "Two", isCut: true })],
    parsePdfText,
    few,
  ),
];
