/**
 * What becomes of an answer for each way in which the model server goes wrong. Every fault of the fake server has its
 * rows here: the type asks for them, and a fault without rows is a gap.
 */
import type { ErrorCode } from "../../src/core/errors.ts";
import type { Phrases } from "../../src/phrases/en.ts";
import { FAULTS, type FakeChange, type FakeFault } from "./fake-ollama-settings.ts";

/**
 * `whole`: the answer comes as if nothing were. `kept`: the person is told once, and answered when the server is back.
 * `failed`: one explanation in place of the answer. `afterTokens` were shown by then. `wordless`: the answer is good and
 * says nothing, which people are told and programs see.
 */
export type Fate =
  | { kind: "whole" }
  | { kind: "wordless"; phrase: keyof Phrases }
  | { kind: "kept"; code: ErrorCode; phrase: keyof Phrases }
  | { kind: "failed"; code: ErrorCode; phrase: keyof Phrases; afterTokens: number };

export interface FaultRow {
  settings: FakeChange;
  /** With one server, and with another beside it that is sound. */
  alone: Fate;
  helped: Fate;
}

/** Tokens before a fault within the stream. */
const AT = 3;

/** Shorter than any limit of the model layer. */
const SILENCE_MS = 200;

const WHOLE: Fate = { kind: "whole" };
const WORDLESS: Fate = { kind: "wordless", phrase: "emptyAnswer" };

function harmless(settings: FakeChange = {}): FaultRow {
  return { settings, alone: WHOLE, helped: WHOLE };
}

function kept(code: ErrorCode, phrase: keyof Phrases): FaultRow {
  return { settings: {}, alone: { kind: "kept", code, phrase }, helped: WHOLE };
}

/** Once anything was shown, no other server may begin anew. */
function failed(
  code: ErrorCode,
  phrase: keyof Phrases,
  afterTokens = 0,
  settings: FakeChange = {},
): FaultRow {
  const alone: Fate = { kind: "failed", code, phrase, afterTokens };
  return { settings, alone, helped: afterTokens > 0 ? alone : WHOLE };
}

/** Before the first token, and after some. */
function cutOff(code: ErrorCode, phrase: keyof Phrases): FaultRow[] {
  return [failed(code, phrase, 0, { at: 0 }), failed(code, phrase, AT, { at: AT })];
}

/** Tokens of the answer that is asked for. */
const ANSWER_TOKENS = 8;

const FAULT_MATRIX: Record<FakeFault, FaultRow[]> = {
  "400": [failed("model/rejected", "failedRejected")],
  "404": [kept("model/missing", "waitingMissing")],
  "429": [kept("model/busy", "waitingBusy")],
  "500": [failed("model/broken_stream", "failedBroken")],
  "503": [kept("model/busy", "waitingBusy")],
  memory: [kept("model/out_of_memory", "waitingMemory")],
  reset0: [kept("model/unavailable", "waitingModel")],
  remote: [failed("model/remote_refused", "failedRemote")],
  // Nothing of the answer has come by then: it is as if it had never begun.
  reset: [
    { ...kept("model/unavailable", "waitingModel"), settings: { at: 0 } },
    failed("model/broken_stream", "failedBroken", AT, { at: AT }),
  ],
  truncate: cutOff("model/broken_stream", "failedBroken"),
  miderror: cutOff("model/broken_stream", "failedBroken"),
  emptydone: [failed("model/broken_stream", "failedBroken", ANSWER_TOKENS)],
  badjson: [harmless({ at: 0 }), harmless({ at: AT })],
  split: [harmless()],
  linger: [harmless()],
  // The server did what it was asked for: another one is not troubled.
  wordless: [{ settings: {}, alone: WORDLESS, helped: WORDLESS }],
  slowheaders: [harmless({ stallMs: SILENCE_MS })],
  stall: [harmless({ at: 0, stallMs: SILENCE_MS }), harmless({ at: AT, stallMs: SILENCE_MS })],
};

export function listFaultRows(): [FakeFault, FaultRow][] {
  return FAULTS.flatMap((fault) =>
    FAULT_MATRIX[fault].map((row): [FakeFault, FaultRow] => [fault, row]),
  );
}

/** How a box is opened for the rows below: its limits are short, and several are answered at once. */
export const LATE_OPTIONS = {
  ROCKPOOL_FIRST_TOKEN_SECONDS: "2",
  ROCKPOOL_NEXT_TOKEN_SECONDS: "2",
  ROCKPOOL_MODEL_SLOTS: "4",
};

/** Silences that outlast every limit. */
const LATE = { stallMs: 600_000 };

/** The server is there and says nothing: no headers, no first token, no further one. */
export const LATE_ROWS: [FakeFault, FaultRow][] = [
  ["slowheaders", failed("model/timeout", "failedTimeout", 0, LATE)],
  ["stall", failed("model/timeout", "failedTimeout", 0, { ...LATE, at: 0 })],
  ["stall", failed("model/timeout", "failedTimeout", AT, { ...LATE, at: AT })],
];
