/** POST /v1/embeddings: texts into vectors. */
import type { Context } from "hono";
import * as v from "valibot";
import { AppError } from "../../core/errors.ts";
import { openModel } from "../../do/isolate.ts";
import { noteSpent, verifyCall } from "../../do/quota/quota-client.ts";
import { type HttpEnv, readJson } from "../../http/middleware.ts";
import { encodeBase64 } from "../../security/signature.ts";
import { noteCall } from "./note-call.ts";

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Texts of one call. */
export const MAX_TEXTS = 256;
const MAX_NAME_UNITS = 256;
const MAX_DIMENSIONS = 16_384;

const text = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.transform((given) => given.toWellFormed()),
);

export const embeddingsSchema = v.object({
  model: v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_NAME_UNITS)),
  input: v.union([text, v.pipe(v.array(text), v.nonEmpty(), v.maxLength(MAX_TEXTS))]),
  encoding_format: v.nullish(v.picklist(["float", "base64"]), "float"),
  dimensions: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_DIMENSIONS))),
});

/** Little-endian 32-bit floats, as clients of this API expect them. */
function encodeVector(vector: readonly number[]): string {
  const bytes = new Uint8Array(vector.length * Float32Array.BYTES_PER_ELEMENT);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of vector.entries())
    view.setFloat32(index * Float32Array.BYTES_PER_ELEMENT, value, true);
  return encodeBase64(bytes);
}

export async function embedTexts(c: Context<HttpEnv>): Promise<Response> {
  const body = await readJson(c.req.raw, embeddingsSchema, MAX_BODY_BYTES);
  const { model, input, encoding_format: format, dimensions } = body;
  const { speaker } = c.get("apiCaller");
  const granted = speaker.access?.models;
  if (granted && !granted.includes(model)) throw new AppError("model/not_granted");
  await verifyCall(c.env, speaker);
  const texts = typeof input === "string" ? [input] : input;
  const note = noteCall(c, "embeddings");
  try {
    const caller = { personId: speaker.personId, priority: "interactive" } as const;
    const request = { caller, model, texts, ...(dimensions ? { dimensions } : {}) };
    const embedded = await openModel(c.env).embed(request, c.req.raw.signal);
    const { promptTokens } = embedded;
    await noteSpent(c.env, speaker.personId, { tokens: promptTokens });
    note.answered({ model: embedded.model, promptTokens, outputTokens: 0 });
    const data = embedded.vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: format === "base64" ? encodeVector(vector) : vector,
    }));
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
    return c.json({ object: "list", data, model: embedded.model, usage });
  } catch (error) {
    note.failed(error);
    throw error;
  }
}
