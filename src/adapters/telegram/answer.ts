/** Reads what the Bot API answers: bounded, exact and checked, before any other code sees it. */
import * as v from "valibot";
import { parseExactJson } from "./exact-json.ts";

/** A hundred updates of the longest messages, with room to spare. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const AnswerSchema = v.variant("ok", [
  v.object({ ok: v.literal(true), result: v.unknown() }),
  v.object({
    ok: v.literal(false),
    error_code: v.pipe(v.number(), v.safeInteger()),
    description: v.fallback(v.string(), ""),
    parameters: v.fallback(
      v.optional(v.object({ retry_after: v.optional(v.pipe(v.number(), v.minValue(0))) })),
      undefined,
    ),
  }),
]);

type Answer = v.InferOutput<typeof AnswerSchema>;

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = "";
  let sizeBytes = 0;
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) return text + decoder.decode();
    sizeBytes += next.value.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw new Error("The answer is larger than the Bot API's answers are.");
    }
    text += decoder.decode(next.value, { stream: true });
  }
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const parsed = v.safeParse(AnswerSchema, parseExactJson(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined; // no JSON: a proxy's error page, for example
  }
}

/** Where the body says nothing, the status speaks. Throws for a success that is none. */
export async function readAnswer(response: Response): Promise<Answer> {
  const answer = parseAnswer(await readText(response));
  if (answer) return answer;
  if (response.ok) throw new Error("The answer is not of the Bot API's form.");
  return {
    ok: false,
    error_code: response.status,
    description: `HTTP status ${response.status}`,
    parameters: undefined,
  };
}
