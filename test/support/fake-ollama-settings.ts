/**
 * What the fake model server can be told, with defaults, and the one schema that checks it wherever it comes from
 * (a test's call, POST /control, the command line).
 */
import * as v from "valibot";

/**
 * How a chat goes wrong. Before the first token: a status, `memory` (500, as for too little memory), `reset0` (socket
 * reset), `slowheaders`. At token number `at`: `stall`, `reset`, `truncate` (a clean end too early), `miderror` (an
 * error line), `badjson` (half a line), `remote` (lines that name a remote host). `split` cuts all lines into pieces of
 * 17 bytes; `emptydone` leaves out the last line; `linger` holds the connection open after it; `wordless` leaves out all
 * lines but it.
 */
export const FAULTS = [
  "400",
  "404",
  "429",
  "500",
  "503",
  "memory",
  "reset0",
  "slowheaders",
  "stall",
  "reset",
  "truncate",
  "miderror",
  "badjson",
  "remote",
  "split",
  "emptydone",
  "linger",
  "wordless",
] as const;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const duration = v.pipe(v.number(), v.minValue(0));

const settingsSchema = v.strictObject({
  /** Tokens of an answer; num_predict caps it. */
  tokens: count,
  /** Time before the first token of a loaded model, and between tokens; 0 is as fast as the socket takes. */
  firstTokenMs: duration,
  tokenMs: duration,
  loadMs: duration,
  /** Chats that generate at once; the others wait without a bound, as at the real server. */
  parallel: v.pipe(count, v.minValue(1)),
  /** Chats that wait for a load; one more is answered 503. */
  maxQueue: count,
  /** What the OpenAI API says of itself. */
  flavour: v.picklist(["llama.cpp", "vllm", "lm-studio", "hosted"]),
  /** Key that the OpenAI API asks for; empty for none. */
  key: v.string(),
  /** Names out of the fake's catalogue. */
  installed: v.array(v.string()),
  /** `echo` answers `echo: <last user text>`. */
  reply: v.picklist(["words", "echo"]),
  /** While true, chats are held before anything is answered. */
  hold: v.boolean(),
  fault: v.picklist(["none", ...FAULTS]),
  /** Share of chats that the fault hits, drawn from `seed`. */
  rate: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** Number of the token at which a fault within the stream strikes. */
  at: count,
  /** How long `stall` and `slowheaders` last. */
  stallMs: duration,
  seed: count,
});

export type FakeFault = (typeof FAULTS)[number];
export type FakeSettings = v.InferOutput<typeof settingsSchema>;

export const FAST_SETTINGS: FakeSettings = {
  tokens: 8,
  firstTokenMs: 0,
  tokenMs: 0,
  loadMs: 0,
  parallel: 1,
  maxQueue: 512,
  flavour: "hosted",
  key: "",
  installed: ["tiny:latest", "chat:3b", "chat:8b", "think:8b", "see:4b", "embed:latest"],
  reply: "words",
  hold: false,
  fault: "none",
  rate: 1,
  at: 3,
  stallMs: 600_000,
  seed: 1,
};

/** The pace of a small model on a small box, for people who try Rockpool without a model server. */
export const LIFELIKE_SETTINGS: FakeSettings = {
  ...FAST_SETTINGS,
  tokens: 64,
  firstTokenMs: 50,
  tokenMs: 10,
  loadMs: 500,
};

const changeSchema = v.partial(settingsSchema);

export type FakeChange = Partial<FakeSettings>;

/** Throws a ValiError that names the setting. */
export function parseChange(change: unknown): FakeChange {
  const parsed = v.parse(changeSchema, change);
  return Object.fromEntries(
    Object.entries(parsed).filter(([, value]) => value !== undefined),
  ) as FakeChange; // fromEntries loses the keys' types
}
