/** The options of model servers, models and voice notes: part of the one table in options.ts. */
import { MAX_SLOTS, parseHttpAddress, parseModelServers } from "./model-servers.ts";
import { integerBetween, notEmpty, oneOf, option, publicUrl } from "./option.ts";

function modelServers(text: string): string {
  parseModelServers(text);
  return text.trim();
}

const MODEL_NAME = /^[^\s,\p{Cc}]{1,200}$/u;

/** Empty for none. */
function modelName(text: string): string {
  if (text !== "" && !MODEL_NAME.test(text)) throw new Error("the name of a model is expected");
  return text;
}

const MAX_FALLBACKS = 8;

function modelNames(text: string): string {
  const names = text.split(",").map((name) => name.trim());
  if (text.trim() !== "" && !names.every((name) => MODEL_NAME.test(name)))
    throw new Error("names of models with commas between are expected");
  if (names.length > MAX_FALLBACKS) throw new Error(`no more than ${MAX_FALLBACKS} are expected`);
  return text.trim();
}

export const MODEL_OPTIONS = {
  ROCKPOOL_MODEL_URL: option({
    parse: parseHttpAddress,
    default: "http://127.0.0.1:11434",
    worker: true,
    doc: "Address of the Ollama-compatible model server. Where it is not set and `rockpool model use` chose a model of the built-in server, that one answers. It is the only private address the server may reach, besides those of accounts added with --api-base.",
  }),
  ROCKPOOL_MODEL: option({
    parse: notEmpty,
    default: "auto",
    worker: true,
    doc: "Model that answers, as the model server names it. `auto` takes the one chosen with `rockpool model use`, else the largest installed one that fits into half of the memory.",
  }),
  ROCKPOOL_MODEL_SERVERS: option({
    parse: modelServers,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "More model servers, as `name=kind+url` with commas between: `lan=ollama+http://192.168.1.5:11434,cpp=openai+http://127.0.0.1:8080`. The kind is `ollama`, or `openai` for llama.cpp, vLLM, LM Studio and hosted ones; `name*4=…` answers four calls at once, in place of ROCKPOOL_MODEL_SLOTS. Each becomes an address that the server may reach. One that is named `main` stands in place of ROCKPOOL_MODEL_URL. See docs/operations.md#models.",
  }),
  ROCKPOOL_MODEL_FALLBACK: option({
    parse: modelNames,
    default: "",
    defaultDoc: "the other servers",
    worker: true,
    doc: "Models that answer, in this order, where the chosen one fails before its first word: `chat:3b,chat:8b@lan`. Without it the best model of each other server does, but for servers at public addresses: those answer only where they are named.",
  }),
  ROCKPOOL_MODEL_FAST: option({
    parse: modelName,
    default: "",
    defaultDoc: "the smallest installed",
    worker: true,
    doc: "Model that `/model fast` means.",
  }),
  ROCKPOOL_MODEL_SMART: option({
    parse: modelName,
    default: "",
    defaultDoc: "the largest that fits into half of the memory",
    worker: true,
    doc: "Model that `/model smart` means.",
  }),
  ROCKPOOL_MODEL_VISION: option({
    parse: modelName,
    default: "",
    defaultDoc: "the largest that takes pictures and fits",
    worker: true,
    doc: "Model that `/model vision` means.",
  }),
  ROCKPOOL_MODEL_SMALL: option({
    parse: modelName,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "Model that answers in place of one on this box while less than 20 % of its memory is free, and after it ran out of memory. Without it the model stays.",
  }),
  ROCKPOOL_MODEL_WARM: option({
    parse: oneOf("used", "always", "never"),
    default: "used",
    worker: true,
    doc: "When the model is loaded before somebody asks. `used`: at the start where somebody wrote within the last day, and as long as a conversation was live within two hours. `always`: at the start, and held from then on.",
  }),
  ROCKPOOL_FIRST_TOKEN_SECONDS: option({
    parse: integerBetween(1, 300),
    default: 60,
    worker: true,
    doc: "Seconds that a loaded model may take to its first token; each 6,000 characters of the prompt add as many again, up to five minutes, which a model that is being loaded always has. After it the next model of the chain answers, or the person is told.",
  }),
  ROCKPOOL_NEXT_TOKEN_SECONDS: option({
    parse: integerBetween(1, 300),
    default: 20,
    worker: true,
    doc: "Seconds that a model may be silent within an answer. After it the answer has failed, and the person is told.",
  }),
  ROCKPOOL_TRANSCRIBE_URL: option({
    parse: publicUrl,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "Address of a server that writes down voice notes by OpenAI's API (`POST /v1/audio/transcriptions`): whisper.cpp's with `--inference-path /v1/audio/transcriptions --convert`, for example. It becomes an address that the server may reach. Where it asks for a key, that stands in the file `transcribe-key` of the data folder. Without the option voice notes are kept and not understood.",
  }),
  ROCKPOOL_TRANSCRIBE_MODEL: option({
    parse: notEmpty,
    default: "whisper-1",
    worker: true,
    doc: "Model that the transcription server is asked for; some take any name.",
  }),
  ROCKPOOL_TRANSCRIBE_SLOTS: option({
    parse: integerBetween(1, MAX_SLOTS),
    default: 1,
    worker: true,
    doc: "Voice notes that the transcription server writes down at the same time; the others wait in line, fairly between people. whisper.cpp's server does one.",
  }),
  ROCKPOOL_CONTEXT_TOKENS: option({
    parse: integerBetween(1024, 1_048_576),
    default: 8192,
    worker: true,
    doc: "Context window that models are run with, in tokens; a model with a shorter one keeps its own. More takes more memory.",
  }),
  ROCKPOOL_MODEL_SLOTS: option({
    parse: integerBetween(1, MAX_SLOTS),
    default: 1,
    worker: true,
    doc: "Answers that the model server writes at the same time (Ollama: OLLAMA_NUM_PARALLEL); everybody else waits in line and is shown the place. More than the server really does only hides the line in it.",
  }),
} as const;
