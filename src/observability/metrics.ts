/**
 * Counters, gauges and histograms of this process, in Prometheus' text format. The names and labels are fixed here;
 * label values come from small known sets, so that the number of series stays bounded.
 */
import { maskPrivate } from "./redact.ts";

type Labels = Record<string, string>;

interface Histogram {
  /** Observations at or below each bound, not added up yet. */
  buckets: number[];
  sum: number;
  count: number;
}

interface Family {
  help: string;
  type: "counter" | "gauge" | "histogram";
  /** By the labels' text. */
  counts: Map<string, number>;
  histograms: Map<string, Histogram>;
}

/** Series of one name; more are not counted. */
const MAX_SERIES = 100;
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const families = new Map<string, Family>();

function emptyHistogram(): Histogram {
  return { buckets: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
}

function define(name: string, type: Family["type"], help: string): string {
  families.set(name, { type, help, counts: new Map(), histograms: new Map() });
  return name;
}

export const METRICS = {
  requests: define("rockpool_http_requests_total", "counter", "HTTP requests by route and status."),
  requestSeconds: define(
    "rockpool_http_request_seconds",
    "histogram",
    "Time to answer an HTTP request.",
  ),
  webhooks: define(
    "rockpool_inbound_events_total",
    "counter",
    "Events that channels brought, by what became of them.",
  ),
  apiCalls: define(
    "rockpool_api_calls_total",
    "counter",
    "Calls of the OpenAI-compatible API by kind and outcome.",
  ),
  turns: define("rockpool_turns_total", "counter", "Turns by outcome."),
  turnSeconds: define(
    "rockpool_turn_seconds",
    "histogram",
    "Time of a turn, the model's included.",
  ),
  firstTokenSeconds: define(
    "rockpool_model_first_token_seconds",
    "histogram",
    "Time to the model's first token.",
  ),
  queueSeconds: define(
    "rockpool_queue_wait_seconds",
    "histogram",
    "Time a message waited before its turn began.",
  ),
  gateSeconds: define(
    "rockpool_gate_wait_seconds",
    "histogram",
    "Time a call waited for a slot of the model server, by priority.",
  ),
  gateRefused: define(
    "rockpool_gate_refused_total",
    "counter",
    "Calls that found the line for the model server full, by priority.",
  ),
  gateLost: define(
    "rockpool_gate_lost_total",
    "counter",
    "Slots taken back from holders that were not heard of.",
  ),
  failovers: define(
    "rockpool_model_failovers_total",
    "counter",
    "Answers that another model gave, by the failure of the first.",
  ),
  promptTokens: define(
    "rockpool_model_prompt_tokens_total",
    "counter",
    "Prompt tokens, as the model server counts them.",
  ),
  outputTokens: define(
    "rockpool_model_output_tokens_total",
    "counter",
    "Generated tokens, as the model server counts them.",
  ),
  summaries: define(
    "rockpool_summaries_total",
    "counter",
    "Summaries of older turns, by what became of them.",
  ),
  undercounted: define(
    "rockpool_prompts_undercounted_total",
    "counter",
    "Prompts of which the model server counted far fewer tokens than it was sent.",
  ),
  sends: define(
    "rockpool_outbox_sends_total",
    "counter",
    "Replies by channel and result of the try.",
  ),
  journalRows: define("rockpool_journal_rows_total", "counter", "Log rows written to D1."),
  cacheLookups: define(
    "rockpool_cache_lookups_total",
    "counter",
    "Look-ups by cache, level and result.",
  ),
  faults: define(
    "rockpool_faults_total",
    "counter",
    "Failures that nobody asked for, by place and code.",
  ),
} as const;

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}

/** Values that are rendered already: masking one takes longer than counting. */
const renderedValues = new Map<string, string>();
const MAX_RENDERED = 1_000;

function renderValue(value: string): string {
  const known = renderedValues.get(value);
  if (known !== undefined) return known;
  const rendered = escapeLabel(maskPrivate(value));
  if (renderedValues.size < MAX_RENDERED) renderedValues.set(value, rendered);
  return rendered;
}

/** The labels as a series is kept under them; what is private in a value is masked. */
export function labelPairs(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${renderValue(value)}"`);
  return pairs.join(",");
}

function inBraces(pairs: string): string {
  return pairs === "" ? "" : `{${pairs}}`;
}

export function count(name: string, labels: Labels = {}, by = 1): void {
  countSeries(name, labelPairs(labels), by);
}

/** `key` comes of {@link labelPairs}: for what is counted so often that rendering costs more than counting. */
export function countSeries(name: string, key: string, by = 1): void {
  const counts = families.get(name)?.counts;
  if (!counts || (counts.size >= MAX_SERIES && !counts.has(key))) return;
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export function observeMs(name: string, ms: number, labels: Labels = {}): void {
  const histograms = families.get(name)?.histograms;
  const key = labelPairs(labels);
  if (!histograms || (histograms.size >= MAX_SERIES && !histograms.has(key))) return;
  const histogram = histograms.get(key) ?? emptyHistogram();
  histograms.set(key, histogram);
  const seconds = ms / 1000;
  const index = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
  if (index >= 0) histogram.buckets[index] = (histogram.buckets[index] ?? 0) + 1;
  histogram.sum += seconds;
  histogram.count += 1;
}

function renderHistogram(name: string, pairs: string, histogram: Histogram): string[] {
  const { buckets, sum, count: total } = histogram;
  const before = pairs === "" ? "" : `${pairs},`;
  let below = 0;
  const lines = BUCKETS_SECONDS.map((bound, index) => {
    below += buckets[index] ?? 0;
    return `${name}_bucket{${before}le="${bound}"} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket{${before}le="+Inf"} ${total}`,
    `${name}_sum${inBraces(pairs)} ${sum}`,
    `${name}_count${inBraces(pairs)} ${total}`,
  ];
}

export interface Gauge {
  name: string;
  help: string;
  value: number;
}

/** All families, with gauges that the caller has just measured. */
export function renderMetrics(gauges: Gauge[]): string {
  const lines: string[] = [];
  for (const [name, family] of families) {
    lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.type}`);
    for (const [pairs, histogram] of family.histograms)
      lines.push(...renderHistogram(name, pairs, histogram));
    for (const [pairs, value] of family.counts) lines.push(`${name}${inBraces(pairs)} ${value}`);
  }
  for (const gauge of gauges)
    lines.push(
      `# HELP ${gauge.name} ${gauge.help}`,
      `# TYPE ${gauge.name} gauge`,
      `${gauge.name} ${gauge.value}`,
    );
  return `${lines.join("\n")}\n`;
}
