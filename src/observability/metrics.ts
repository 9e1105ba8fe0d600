/**
 * Counters, gauges and histograms of this process, in Prometheus' text format. The names and labels are fixed here;
 * label values come from small known sets, so that the number of series stays bounded.
 */

type Labels = Record<string, string>;

interface Family {
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: Map<string, number>;
}

const MAX_SERIES = 500;
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const families = new Map<string, Family>();

function define(name: string, type: Family["type"], help: string): string {
  families.set(name, { type, help, samples: new Map() });
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
  sends: define(
    "rockpool_outbox_sends_total",
    "counter",
    "Replies by channel and result of the try.",
  ),
  journalRows: define("rockpool_journal_rows_total", "counter", "Log rows written to D1."),
  faults: define(
    "rockpool_faults_total",
    "counter",
    "Failures that nobody asked for, by place and code.",
  ),
} as const;

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

function bump(name: string, suffix: string, labels: Labels, by: number): void {
  const samples = families.get(name)?.samples;
  const key = `${name}${suffix}${labelText(labels)}`;
  if (!samples || (samples.size >= MAX_SERIES && !samples.has(key))) return;
  samples.set(key, (samples.get(key) ?? 0) + by);
}

export function count(name: string, labels: Labels = {}, by = 1): void {
  bump(name, "", labels, by);
}

export function observeMs(name: string, ms: number, labels: Labels = {}): void {
  const seconds = ms / 1000;
  for (const bound of BUCKETS_SECONDS)
    bump(name, "_bucket", { ...labels, le: String(bound) }, seconds <= bound ? 1 : 0);
  bump(name, "_bucket", { ...labels, le: "+Inf" }, 1);
  bump(name, "_sum", labels, seconds);
  bump(name, "_count", labels, 1);
}

/** All families, with gauges that the caller has just measured. */
export function renderMetrics(gauges: { name: string; help: string; value: number }[]): string {
  const lines: string[] = [];
  for (const [name, family] of families) {
    lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.type}`);
    for (const [sample, value] of family.samples) lines.push(`${sample} ${value}`);
  }
  for (const gauge of gauges)
    lines.push(
      `# HELP ${gauge.name} ${gauge.help}`,
      `# TYPE ${gauge.name} gauge`,
      `${gauge.name} ${gauge.value}`,
    );
  return `${lines.join("\n")}\n`;
}
