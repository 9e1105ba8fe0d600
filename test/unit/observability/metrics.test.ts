import fc from "fast-check";
import { beforeEach, describe, it, vi } from "vitest";

/** Prometheus' text format 0.0.4, read strictly. Throws for a line that is none. */
function parseMetrics(text: string): { types: Map<string, string>; samples: Map<string, number> } {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  const helped = new Set<string>();
  if (!text.endsWith("\n")) throw new Error("no line feed at the end");
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP ([a-z_]+) [^\\]+$/.exec(line);
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line);
    const label = '[a-z_]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
    const sample = new RegExp(`^([a-z_]+(?:\\{${label}(?:,${label})*\\})?) (-?[0-9.e+-]+)$`).exec(
      line,
    );
    if (help?.[1] && !helped.has(help[1])) helped.add(help[1]);
    else if (type?.[1] && type[2] && helped.has(type[1]) && !types.has(type[1]))
      types.set(type[1], type[2]);
    else if (sample?.[1] && sample[2] && !samples.has(sample[1]))
      samples.set(sample[1], Number(sample[2]));
    else throw new Error(`not of the format: ${line}`);
  }
  return { types, samples };
}

describe("metrics", () => {
  type Metrics = typeof import("../../../src/observability/metrics.ts");
  let metrics: Metrics;

  beforeEach(async () => {
    vi.resetModules(); // the counters of a process begin anew
    metrics = await import("../../../src/observability/metrics.ts");
  });

  function read(gauges: Parameters<Metrics["renderMetrics"]>[0] = []) {
    return parseMetrics(metrics.renderMetrics(gauges));
  }

  it("are of Prometheus' text format before anything was counted", ({ expect }) => {
    const { types, samples } = read([{ name: "rockpool_people", help: "People.", value: 3 }]);
    expect(types.get("rockpool_turns_total")).toBe("counter");
    expect(types.get("rockpool_turn_seconds")).toBe("histogram");
    expect(types.get("rockpool_people")).toBe("gauge");
    expect(samples.get("rockpool_people")).toBe(3);
  });

  it("count by labels", ({ expect }) => {
    const { count, METRICS } = metrics;
    count(METRICS.turns, { channel: "web", outcome: "answered" });
    count(METRICS.turns, { channel: "web", outcome: "answered" });
    count(METRICS.turns, { channel: "web", outcome: "failed" }, 5);
    const { samples } = read();
    expect(samples.get('rockpool_turns_total{channel="web",outcome="answered"}')).toBe(2);
    expect(samples.get('rockpool_turns_total{channel="web",outcome="failed"}')).toBe(5);
  });

  it("stay of that format whatever stands in a label", ({ expect }) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (route) => {
        metrics.count(metrics.METRICS.requests, { route, status: "200" });
        expect(() => read()).not.toThrow();
      }),
    );
  });

  it("show nothing private of a label", ({ expect }) => {
    const { count, METRICS } = metrics;
    count(METRICS.requests, { route: "/ada@example.com", status: "4111111111111111" });
    const { samples } = read();
    expect(samples.get('rockpool_http_requests_total{route="/[email]",status="[card]"}')).toBe(1);
  });

  it("add up a histogram: each bucket holds those below it", ({ expect }) => {
    const { observeMs, METRICS } = metrics;
    for (const ms of [0, 5, 6, 1_000, 300_000, 300_001]) observeMs(METRICS.turnSeconds, ms);
    const { samples } = read();
    const bucket = (bound: string) => samples.get(`rockpool_turn_seconds_bucket{le="${bound}"}`);
    expect(["0.005", "0.01", "0.5", "1", "300", "+Inf"].map(bucket)).toEqual([2, 3, 3, 4, 5, 6]);
    expect(samples.get("rockpool_turn_seconds_count")).toBe(6);
    expect(samples.get("rockpool_turn_seconds_sum")).toBeCloseTo(601.012);
  });

  it("add up a histogram for each value of a label", ({ expect }) => {
    const { observeMs, METRICS } = metrics;
    observeMs(METRICS.gateSeconds, 20, { priority: "urgent" });
    for (const ms of [2_000, 400_000])
      observeMs(METRICS.gateSeconds, ms, { priority: "background" });
    const { types, samples } = read();
    const name = "rockpool_gate_wait_seconds";
    expect(types.get(name)).toBe("histogram");
    expect(samples.get(`${name}_bucket{priority="urgent",le="0.025"}`)).toBe(1);
    expect(samples.get(`${name}_bucket{priority="background",le="1"}`)).toBe(0);
    expect(samples.get(`${name}_bucket{priority="background",le="2.5"}`)).toBe(1);
    expect(samples.get(`${name}_bucket{priority="background",le="+Inf"}`)).toBe(2);
    expect(samples.get(`${name}_count{priority="background"}`)).toBe(2);
  });

  it("keep a hundred series of a name, and go on counting in those", ({ expect }) => {
    const { count, METRICS } = metrics;
    for (let index = 0; index < 150; index += 1)
      count(METRICS.requests, { route: `/${index}`, status: "404" });
    count(METRICS.requests, { route: "/0", status: "404" });
    const series = [...read().samples].filter(([name]) =>
      name.startsWith("rockpool_http_requests"),
    );
    expect(series).toHaveLength(100);
    expect(series[0]).toEqual(['rockpool_http_requests_total{route="/0",status="404"}', 2]);
  });
});
