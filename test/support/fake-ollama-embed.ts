/** POST /api/embed of the fake server: the same text has the same vector, of length one. */
import * as v from "valibot";
import { countTokens } from "./fake-ollama-answer.ts";
import { findModel } from "./fake-ollama-catalogue.ts";
import { type FakeState, Refusal } from "./fake-ollama-chat.ts";

const DIMENSIONS = 8;

const embedSchema = v.strictObject({
  model: v.string(),
  input: v.union([v.string(), v.array(v.string())]),
  dimensions: v.optional(v.number()),
  truncate: v.optional(v.boolean()),
  keep_alive: v.optional(v.string()),
  options: v.strictObject({ num_ctx: v.number() }),
});

function vectorOf(text: string, dimensions: number): number[] {
  const raw = Array.from({ length: dimensions }, (_, index) =>
    Math.sin(index + 1 + [...text].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0)),
  );
  const norm = Math.hypot(...raw);
  return raw.map((value) => value / norm);
}

export function answerEmbed(state: FakeState, body: unknown) {
  const parsed = v.safeParse(embedSchema, body);
  if (!parsed.success) throw new Refusal(400, v.summarize(parsed.issues));
  const { model: name, input, dimensions = DIMENSIONS, truncate, options } = parsed.output;
  const model = findModel(name, state.settings.installed);
  if (!model) throw new Refusal(404, `model '${name}' not found`);
  if (!model.capabilities.includes("embedding"))
    throw new Refusal(400, `"${name}" does not support embeddings`);
  const texts = typeof input === "string" ? [input] : input;
  const tokens = texts.map(countTokens);
  if (truncate === false && tokens.some((count) => count > options.num_ctx))
    throw new Refusal(400, "the input length exceeds the context length");
  return {
    model: name,
    embeddings: texts.map((text) => vectorOf(text, dimensions)),
    prompt_eval_count: tokens.reduce((sum, count) => sum + count, 0),
  };
}
