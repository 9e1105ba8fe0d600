/** What model servers, models and web pages say. */
import { parseJsonText } from "../../../src/core/json-text.ts";
import { parsePageUrl } from "../../../src/core/web-page.ts";
import { readPageText } from "../../../src/documents/page-text.ts";
import { readAnswer } from "../../../src/models/answer.ts";
import { Deadline } from "../../../src/models/deadlines.ts";
import { OllamaDialect } from "../../../src/models/ollama/answer.ts";
import { OpenAiDialect } from "../../../src/models/openai/answer.ts";
import { repairArguments } from "../../../src/tools/repair.ts";
import { parseWhen } from "../../../src/tools/when.ts";
import { codedIn, type FuzzedParser, fuzzBytes, fuzzJson, fuzzText } from "./fuzzed-parser.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 9);

const OLLAMA = [
  '{"message":{"role":"assistant","content":"He","thinking":"hm"},"done":false}',
  '{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"clock","arguments":{"zone":"UTC"}}}]},"done":false}',
  '{"done":true,"done_reason":"stop","prompt_eval_count":12,"eval_count":3}\n',
].join("\n");

const OPENAI = [
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null}]}',
  'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"clock","arguments":"{\\"zone\\""}}]}}]}',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}',
  "data: [DONE]\n\n",
].join("\n\n");

async function readWhole(bytes: Uint8Array, dialect: OllamaDialect | OpenAiDialect) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const half = Math.floor(bytes.length / 2);
      controller.enqueue(bytes.subarray(0, half));
      controller.enqueue(bytes.subarray(half));
      controller.close();
    },
  });
  const deadline = new Deadline(60_000);
  try {
    const clock = { startedAtMs: 0, nowMs: () => 1 };
    const options = { model: "tiny", dialect, deadline, nextTokenMs: 20_000, ...clock };
    for await (const _chunk of readAnswer(body, options));
  } finally {
    deadline.end();
  }
}

const isModelError = codedIn("model/");
const encode = (text: string) => new TextEncoder().encode(text);

const PAGE =
  "<!doctype html><html><head><title>A &amp; B</title><script>x()</script></head><body><p>One<br>two</p><!-- no --><table><tr><td>3</table></body></html>";

const SCHEMA = {
  type: "object",
  properties: {
    zone: { type: "string" },
    count: { type: "integer" },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["zone"],
};

export const MODELS: readonly FuzzedParser[] = [
  fuzzBytes(
    "answers of Ollama",
    [encode(OLLAMA)],
    (bytes) => readWhole(bytes, new OllamaDialect("tiny")),
    {
      isRefusal: isModelError,
    },
  ),
  fuzzBytes(
    "answers of OpenAI's API",
    [encode(OPENAI)],
    (bytes) => readWhole(bytes, new OpenAiDialect()),
    {
      isRefusal: isModelError,
    },
  ),
  fuzzText(
    "JSON as models write it",
    ['```json\n{"a": 1}\n```', '<tool_call>{"name":"x"}</tool_call>'],
    parseJsonText,
  ),
  fuzzJson(
    "arguments of tools",
    [{ zone: "UTC", count: "3", tags: "a" }, { arguments: '{"zone":"UTC"}' }],
    (value) => repairArguments(value, SCHEMA),
  ),
  fuzzText(
    "times in words",
    [
      "tomorrow at 8 am",
      "in 20 minutes",
      "明天早上八点半",
      "下周一 15:00",
      "2026-12-01T08:00:00+01:00",
    ],
    (text) => parseWhen(text, NOW_MS, "Europe/Berlin"),
    { runs: 4_000 },
  ),
  fuzzText("web pages", [PAGE], readPageText, { runs: 4_000 }),
  fuzzText(
    "addresses of pages",
    ["https://a.example:8443/b?c=d#e", "http://[::1]/", "https://1.2.3.4"],
    parsePageUrl,
  ),
];
