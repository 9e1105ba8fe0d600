/** Texts into vectors, by /v1/embeddings. */
import type { Embeddings, EmbedRequest } from "../../core/ports.ts";
import { requestJson, type ServerAddress } from "../request.ts";
import { MAX_VECTORS_BYTES, verifyVectors } from "../vectors.ts";
import { embeddingsSchema } from "./schema.ts";

/** Throws model/*, or the signal's reason. */
export async function requestVectors(
  server: ServerAddress,
  { model, texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<Embeddings> {
  const body = { model, input: texts, dimensions, encoding_format: "float" };
  const call = { path: "/v1/embeddings", body, model, maxBytes: MAX_VECTORS_BYTES } as const;
  const { data, usage } = await requestJson(server, call, embeddingsSchema, signal);
  const inOrder = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  const vectors = verifyVectors(inOrder, texts.length);
  return { model, vectors, promptTokens: usage?.prompt_tokens ?? 0 };
}
