/** What the OpenAI-compatible API adds to a stream of the model server, against the same stream read directly. */
import type { Bench, Box } from "../bench.ts";
import { atLeast, atMost, type Figure } from "../figures.ts";
import type { Plan } from "../plan.ts";
import { median, percentile } from "../stats.ts";
import { StreamClient, type StreamTarget } from "../token-stream.ts";

const MODEL = "chat:3b";
const STREAMS = 50;
const TOKENS = 200;
/** 50 tokens a second for each of the streams. */
const TOKEN_MS = 20;
/** The context that the box runs models with: with another one the model would be loaded again. */
const CONTEXT_TOKENS = 8192;

const messages = [{ role: "user", content: "What brews in the teapot?" }];

function directTarget(modelUrl: string): StreamTarget {
  return {
    url: `${modelUrl}/api/chat`,
    headers: { "content-type": "application/json" },
    body: {
      model: MODEL,
      messages,
      stream: true,
      options: { num_ctx: CONTEXT_TOKENS, num_predict: CONTEXT_TOKENS },
    },
    mark: '"done":false',
  };
}

function apiTarget(url: string, key: string): StreamTarget {
  return {
    url: `${url}/v1/chat/completions`,
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: { model: MODEL, messages, stream: true },
    mark: '"delta":{"content":"',
  };
}

/** Tokens a second of all streams together. */
async function measureThroughput(client: StreamClient, target: StreamTarget): Promise<number> {
  const times = await Promise.all(
    Array.from({ length: STREAMS }, () => client.read(target, TOKENS)),
  );
  const startedAtMs = Math.min(...times.map((one) => one.startedAtMs));
  const endedAtMs = Math.max(...times.map((one) => one.endedAtMs));
  return (STREAMS * TOKENS * 1000) / (endedAtMs - startedAtMs);
}

interface Pair<Value> {
  direct: Value;
  api: Value;
}

async function measureFirstTokens(
  client: StreamClient,
  targets: Pair<StreamTarget>,
  calls: number,
): Promise<Pair<number[]>> {
  const times: Pair<number[]> = { direct: [], api: [] };
  // By turns, so that both meet the same machine.
  for (let call = 0; call < calls; call += 1)
    for (const way of ["direct", "api"] as const)
      times[way].push((await client.read(targets[way], 1)).firstTokenMs);
  return times;
}

export async function measureApiStreams(bench: Bench, box: Box, plan: Plan): Promise<Figure[]> {
  const client = new StreamClient();
  const targets = {
    direct: directTarget(bench.modelUrl),
    api: apiTarget(box.url, await bench.createApiKey()),
  };
  try {
    await bench.controlModel({ reply: "words", tokens: 1, tokenMs: 0 });
    await measureFirstTokens(client, targets, plan.apiCalls / 10);
    const first = await measureFirstTokens(client, targets, plan.apiCalls);
    await bench.controlModel({ tokens: TOKENS, tokenMs: TOKEN_MS });
    const rounds: Pair<number>[] = [];
    for (let round = 0; round < plan.apiRounds; round += 1)
      rounds.push({
        direct: await measureThroughput(client, targets.direct),
        api: await measureThroughput(client, targets.api),
      });
    return renderFigures(first, rounds);
  } finally {
    client.close();
    await bench.controlModel({ reply: "echo", tokenMs: 0 });
  }
}

function renderFigures(first: Pair<number[]>, rounds: readonly Pair<number>[]): Figure[] {
  const usualMs = median(first.direct);
  return [
    {
      what: `API: tokens of ${STREAMS} streams at once (to direct ones)`,
      value: median(rounds.map(({ api }) => api)),
      unit: "/s",
      ratio: median(rounds.map(({ api, direct }) => api / direct)),
      target: atLeast("ratio", 0.95),
    },
    {
      what: `API: first token above a direct call's ${usualMs.toFixed(1)} ms, p50`,
      value: median(first.api) - usualMs,
      unit: "ms",
      target: atMost("value", 5),
    },
    {
      what: "API: first token above a direct call's, p99",
      value: percentile(first.api, 0.99) - usualMs,
      unit: "ms",
      target: atMost("value", 20),
    },
  ];
}
