/** What people and models say where it is looked at word by word: answers in dialogues, searches, sums, summaries. */
import { parseProviderAnswer } from "../../../src/console/account/provider.ts";
import { parseCheckpointRule } from "../../../src/core/checkpoint-rule.ts";
import { parseAnswer } from "../../../src/flows/answer.ts";
import type { AnswerSpec } from "../../../src/flows/definition-schema.ts";
import { parseDuration } from "../../../src/flows/duration.ts";
import { parseScript } from "../../../src/flows/script.ts";
import { nameDevice } from "../../../src/http/device-name.ts";
import { routeName } from "../../../src/http/route-name.ts";
import { ArithmeticFault, calculate } from "../../../src/tools/arithmetic.ts";
import { parseNotes } from "../../../src/turn/digest.ts";
import { parseSearch } from "../../../src/turn/search-words.ts";
import { parseSummary } from "../../../src/turn/summary.ts";
import { coded, type FuzzedParser, fuzzJson, fuzzText, named } from "./fuzzed-parser.ts";

const ACCEPTED: readonly AnswerSpec[] = [
  { type: "text" },
  { type: "email" },
  { type: "phone" },
  { type: "date" },
  { type: "number" },
  {
    type: "choice",
    choices: [
      { value: "a", en: "Apples", zh: "苹果" },
      { value: "b", en: "Pears", zh: "梨" },
    ],
  },
  { type: "yesno" },
];

/** Each kind of question gets the faulty answer to each. */
function answerAll(text: string): void {
  for (const accept of ACCEPTED) parseAnswer({ accept, optional: true }, text, () => "2026-11-21");
}

const ANSWERS = [
  "ada@example.com",
  "+49 30 1234567",
  "next Friday",
  "21.11.2026",
  "下周五",
  "三百二十",
  "1,234.5",
  "the first one",
  "yes please",
];

const SCRIPT = {
  dialogues: [
    {
      name: "a table",
      today: "2026-11-21",
      steps: [{ say: "table", expect: "When?" }, { silence: true }],
      ends: "expired",
      answers: { day: "2026-11-22" },
    },
  ],
};

const AGENT =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15";
const NOTES = ["**Ada** wants tea at 8.", "没有。"];
const few = { runs: 3_000 };

export const WORDS: readonly FuzzedParser[] = [
  fuzzText("answers in dialogues", ANSWERS, answerAll, few),
  fuzzJson("scripts of rehearsals", [SCRIPT], parseScript, {
    isRefusal: coded("flow/bad_script"),
    ...few,
  }),
  fuzzText("times that a flow waits", ["2h", "30m", "1d"], parseDuration, few),
  fuzzText("searches", ["tea AND milk", "一壶 茶", "ＴＥＡ"], parseSearch, few),
  fuzzText("sums", ["2 * (3 + 4.5) ^ 2", "sqrt(2) / 3%", "-1e3"], calculate, {
    isRefusal: (error) => error instanceof ArithmeticFault,
    ...few,
  }),
  fuzzText("summaries by a model", NOTES, (text) => parseSummary(text, 4_096), few),
  fuzzText("notes on a part of a document", NOTES, parseNotes, few),
  fuzzText("times of checkpoints", ["off", "daily", "100"], parseCheckpointRule, {
    isRefusal: named("Error"),
    ...few,
  }),
  fuzzText("names of browsers", [AGENT], nameDevice, few),
  fuzzText("paths of requests", ["/webhooks/telegram/main", "/api/chat/files/1"], routeName, few),
  fuzzText(
    "addresses that a provider sends back to",
    ["code=c&state=link.s&iss=https%3A%2F%2Fa.example"],
    (search) => parseProviderAnswer("/oidc", search),
    few,
  ),
];
