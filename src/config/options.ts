/**
 * The one table of options. The host reads them from the environment and from `.env`, hands the Worker those it needs,
 * and docs/configuration.md is made from this table. A parser says what is wrong, never what the value was.
 */

import { parseCheckpointRule } from "../core/checkpoint-rule.ts";
import { parseRoleQuotas } from "../core/quotas.ts";
import { parseRedactionKinds, type RedactionKind } from "../core/redaction.ts";
import { parseTimeZone } from "../core/time-zone.ts";
import { parsePlace } from "./backup-place.ts";
import { parseKeepRule, parseTimeOfDay } from "./backup-rule.ts";
import { LISTENING_OPTIONS } from "./listening-options.ts";
import { MAX_SLOTS, parseHttpAddress, parseModelServers } from "./model-servers.ts";
import { OIDC_OPTIONS } from "./oidc-options.ts";

export interface Option<Value> {
  /** Turns text into a value, or throws an Error whose message says what is expected. */
  parse(text: string): Value;
  default: Value;
  /** How the default reads in the documentation. */
  defaultDoc?: string;
  /** True where the Worker needs it too. */
  worker: boolean;
  doc: string;
}

function integerBetween(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new Error(`a whole number from ${min} to ${max} is expected`);
    return value;
  };
}

function oneOf<const Choice extends string>(...choices: Choice[]) {
  return (text: string): Choice => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`one of ${choices.join(", ")} is expected`);
    return found;
  };
}

function publicUrl(text: string): string {
  return text === "" ? "" : parseHttpAddress(text);
}

function notEmpty(text: string): string {
  if (text.trim() === "") throw new Error("it must not be empty");
  return text;
}

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

/** Empty for none. */
function backupPlace(text: string): string {
  if (text !== "") parsePlace(text);
  return text;
}

function keepRule(text: string): string {
  parseKeepRule(text);
  return text;
}

function fileName(text: string): string {
  if (text.includes("\0")) throw new Error("the path of a file is expected");
  return text;
}

function roleQuotas(text: string): string {
  parseRoleQuotas(text);
  return text.trim();
}

function hostName(text: string): string {
  if (!/^[0-9A-Za-z.:_-]+$/.test(text)) throw new Error("a host name or address is expected");
  return text;
}

/** Empty for none. The value is in no message: it may be a secret. */
function matching(pattern: RegExp, what: string): (text: string) => string {
  return (text) => {
    if (text !== "" && !pattern.test(text)) throw new Error(`${what} expected`);
    return text;
  };
}

function timeZone(text: string): string {
  const zone = parseTimeZone(text);
  if (zone === undefined)
    throw new Error("a time zone of the IANA list is expected, such as Europe/Berlin");
  return zone;
}

function option<const Value>(spec: Option<Value>): Option<Value> {
  return spec;
}

export const OPTIONS = {
  HOST: option({
    parse: hostName,
    default: "127.0.0.1",
    worker: false,
    doc: "Address that the server listens on. The default answers this machine only; put a reverse proxy in front of it to be reached from outside.",
  }),
  PORT: option({
    parse: integerBetween(0, 65535),
    default: 8787,
    worker: false,
    doc: "Port of the web chat and the webhooks. 0 takes a free one.",
  }),
  ROCKPOOL_DATA: option({
    parse: notEmpty,
    default: "data",
    worker: false,
    doc: "Folder of everything that is kept: chats, logs, the master key. One server for one folder.",
  }),
  ROCKPOOL_MASTER_KEY: option({
    parse: matching(/^[0-9a-f]{64}$/i, "64 hexadecimal digits are"),
    default: "",
    worker: false,
    doc: "The master key, 64 hexadecimal digits, in place of the file `master.key`. It reaches the server in memory only. For a box that has data already, move there with `rockpool key rotate --master --to environment`.",
  }),
  ROCKPOOL_PASSPHRASE_FD: option({
    parse: matching(/^\d{1,4}$/, "the number of a file descriptor is"),
    default: "",
    worker: false,
    doc: "Number of an open file descriptor from which the passphrase of the master key is read, where it is made of one and there is no terminal to ask.",
  }),
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
  ROCKPOOL_WEB_FETCH: option({
    parse: oneOf("off", "on"),
    default: "off",
    worker: true,
    doc: "`on` lets the model read web pages: https only, public addresses only, and only addresses that somebody wrote into the conversation. The page's server sees this box's address.",
  }),
  ROCKPOOL_REDACT_REMOTE: option({
    parse: parseRedactionKinds,
    default: ["secret", "card", "id"] as readonly RedactionKind[],
    defaultDoc: "secret,card,id",
    worker: true,
    doc: "What is masked in texts before a model server at a public address is sent them: `all`, `none`, or some of secret, card, id, phone, email, own. Servers on this box and in the private network see texts as they are. See docs/operations.md#redaction.",
  }),
  ROCKPOOL_REDACT_STORED: option({
    parse: parseRedactionKinds,
    default: [] as readonly RedactionKind[],
    defaultDoc: "none",
    worker: true,
    doc: "What is masked in messages, transcripts and answers before they are stored, by the same words. What is masked here is kept nowhere: neither the model nor the person sees it again.",
  }),
  ROCKPOOL_TIME_ZONE: option({
    parse: timeZone,
    // Asked for only where it is needed: the tables of time zones take memory.
    get default(): string {
      return new Intl.DateTimeFormat("en-US").resolvedOptions().timeZone;
    },
    defaultDoc: "this machine's",
    worker: true,
    doc: "Time zone of people who have not chosen their own with `/timezone`, such as `Europe/Berlin`.",
  }),
  ROCKPOOL_QUOTAS: option({
    parse: roleQuotas,
    default: "",
    defaultDoc: "docs/permissions.md",
    worker: true,
    doc: "Limits of roles, where they differ from those of docs/permissions.md: `guest.messages_day=50, member.tokens_day=none`. `rockpool person limit` sets one person's.",
  }),
  ROCKPOOL_PUBLIC_URL: option({
    parse: publicUrl,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "Address at which the internet reaches this server, for webhooks and links. Without it, channels that can poll do so.",
  }),
  ...LISTENING_OPTIONS,
  ...OIDC_OPTIONS,
  ROCKPOOL_EGRESS: option({
    parse: oneOf("public", "listed"),
    default: "public",
    worker: true,
    doc: "What the server may reach. `public`: the addresses of its options and accounts, and for messengers and web pages public addresses. `listed`: the addresses of its options and accounts and nothing else; names of others are not even looked up. `npx rockpool egress` prints the list.",
  }),
  ROCKPOOL_BACKUP_TO: option({
    parse: backupPlace,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "Where encrypted backups go, once a day: a folder that exists (of another disk, or mounted), or `s3+https://host/bucket/prefix?region=name`. Needs a recovery key: `npx rockpool backup key`. See docs/operations.md#backup-and-restore.",
  }),
  ROCKPOOL_BACKUP_S3_KEY: option({
    parse: fileName,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "File with the access key id and the secret of an S3-compatible backup store, a line each, readable by its owner only. A relative path counts from the project's folder.",
  }),
  ROCKPOOL_BACKUP_AT: option({
    parse: parseTimeOfDay,
    default: "03:30",
    worker: false,
    doc: "Time of the day, in ROCKPOOL_TIME_ZONE, at which a running server checks its databases, and backs them up where ROCKPOOL_BACKUP_TO is set. A time that was missed is made up for. `off`: neither.",
  }),
  ROCKPOOL_BACKUP_KEEP: option({
    parse: keepRule,
    default: "7d,4w,6m",
    worker: false,
    doc: "Backups that stay in the store: the newest of each of so many days, weeks and months that have one. Those of the last 24 hours stay, and the newest of all.",
  }),
  ROCKPOOL_KEEP_DAYS: option({
    parse: integerBetween(0, 36_500),
    default: 0,
    defaultDoc: "for ever",
    worker: true,
    doc: "Days that messages and files of conversations are kept; what is older is erased once a day, and the audit log says how much. Notes and reminders stay. 0 keeps all. The audit log itself is kept for 180 days and the access log for 365.",
  }),
  ROCKPOOL_AUDIT_CHECKPOINTS: option({
    parse: parseCheckpointRule,
    default: "off",
    worker: true,
    doc: "When the owner is sent how the audit log ends, in chat: `daily`, with every so many entries (`500`), or `off`. Such a checkpoint finds a log that was rolled back: `npx rockpool audit verify --checkpoint`.",
  }),
  ROCKPOOL_LOG: option({
    parse: oneOf("debug", "info", "warn", "error"),
    default: "info",
    worker: true,
    doc: "Least serious log line that is written.",
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;
export type Options = { [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]["parse"]> };
