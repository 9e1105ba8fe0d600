/** `rockpool model bench`: how many tokens a second the model in force reads and writes on this box. */
import { randomUUID } from "node:crypto";
import { EXIT, HostError } from "../host-error.ts";
import { builtinInForce, type ModelBox, modelInForce } from "./model-box.ts";
import { type ChatCounts, chatForCounts, findServerModels } from "./ollama-client.ts";

const ROUNDS = 3;
const OUTPUT_TOKENS = 64;
/** Of each round's prompt: long enough that a single token does not matter. */
const PROMPT_WORDS = 200;
const LOAD_TIMEOUT_MS = 300_000;
const ROUND_TIMEOUT_MS = 300_000;
const WORDS = "the tide goes out and leaves a pool of small bright things behind".split(" ");

export interface BenchFigures {
  model: string;
  url: string;
  contextTokens: number;
  /** The middle one of the rounds. */
  promptTokensPerSecond: number;
  outputTokensPerSecond: number;
  loadMs: number;
  rounds: number;
}

/** `note` gets what is done. Throws model/not_running, model/missing or model/server_failed. */
export async function benchModel(
  box: ModelBox,
  note: (text: string) => void,
): Promise<BenchFigures> {
  const { url, model: wanted } = modelInForce(box);
  if (builtinInForce(box) && box.running?.pid === undefined) throw notRunning();
  const model = wanted === "auto" ? await findSmallest(url) : wanted;
  const contextTokens = box.settings.options.ROCKPOOL_CONTEXT_TOKENS;
  const options = { num_ctx: contextTokens, num_predict: OUTPUT_TOKENS, temperature: 0 };
  note(`loading ${model}`);
  const beganMs = performance.now();
  await chatForCounts(url, { model, options }, LOAD_TIMEOUT_MS);
  const loadMs = Math.round(performance.now() - beganMs);
  const rounds: ChatCounts[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    note(`round ${round + 1} of ${ROUNDS}`);
    const messages = [{ role: "user", content: renderPrompt(randomUUID()) }];
    rounds.push(await chatForCounts(url, { model, messages, options }, ROUND_TIMEOUT_MS));
  }
  return {
    model,
    url,
    contextTokens,
    promptTokensPerSecond: middle(rounds.map(promptSpeed)),
    outputTokensPerSecond: middle(rounds.map(outputSpeed)),
    loadMs,
    rounds: ROUNDS,
  };
}

export function renderFigures(figures: BenchFigures): string {
  const { model, url, contextTokens, promptTokensPerSecond, outputTokensPerSecond } = figures;
  return [
    `${model} (${url}), context ${contextTokens} tokens, the middle of ${figures.rounds} rounds`,
    `  reads   ${promptTokensPerSecond.toFixed(1)} tokens a second`,
    `  writes  ${outputTokensPerSecond.toFixed(1)} tokens a second`,
    `  loaded in ${(figures.loadMs / 1_000).toFixed(1)} s`,
  ].join("\n");
}

/** Another beginning each time: what a server has kept of an earlier prompt would make it look faster. */
function renderPrompt(nonce: string): string {
  const words = Array.from({ length: PROMPT_WORDS }, (_, index) => WORDS[index % WORDS.length]);
  return `${nonce} ${words.join(" ")}`;
}

function promptSpeed(counts: ChatCounts): number {
  const evaluated = counts.prompt_eval_count - counts.prompt_cached_count;
  return perSecond(evaluated, counts.prompt_eval_duration);
}

function outputSpeed({ eval_count, eval_duration }: ChatCounts): number {
  return perSecond(eval_count, eval_duration);
}

function perSecond(tokens: number, durationNs: number): number {
  return durationNs === 0 ? 0 : tokens / (durationNs / 1e9);
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Where nothing is chosen the smallest is taken: the figures come soonest. */
async function findSmallest(url: string): Promise<string> {
  const models = (await findServerModels(url)) ?? [];
  const [smallest] = models.toSorted((a, b) => a.size - b.size);
  if (smallest) return smallest.name;
  throw new HostError({
    code: "model/none",
    message: `No model answers at ${url}.`,
    fix: "Choose one: `npx rockpool model list`, then `npx rockpool model use <name>`.",
    exitStatus: EXIT.unavailable,
  });
}

function notRunning(): HostError {
  return new HostError({
    code: "model/not_running",
    message: "The built-in model server runs beside Rockpool, and that is not running.",
    fix: "Start it with `npm start`, then run this again.",
    exitStatus: EXIT.unavailable,
  });
}
