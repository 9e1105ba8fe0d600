/** Texts into vectors, by Ollama's /api/embed. */
import type { Embeddings, EmbedRequest, JsonObject } from "../../core/ports.ts";
import { remoteModel } from "../failures.ts";
import { requestJson, type ServerAddress } from "../request.ts";
import { MAX_VECTORS_BYTES, verifyVectors } from "../vectors.ts";
import { KEEP_ALIVE } from "./render-chat.ts";
import { embedSchema } from "./schema.ts";

/** `contextTokens` is the one of chats: with another the server would load the model again. */
function renderEmbed(
  { model, texts, dimensions }: EmbedRequest,
  contextTokens: number,
): JsonObject {
  return {
    model,
    input: texts,
    ...(dimensions === undefined ? {} : { dimensions }),
    // A text that is too long is an error here; the server would cut it silently.
    truncate: false,
    keep_alive: KEEP_ALIVE,
    options: { num_ctx: contextTokens },
  };
}

/** Throws model/*, or the signal's reason. */
export async function requestVectors(
  server: ServerAddress,
  request: EmbedRequest,
  contextTokens: number,
  signal: AbortSignal,
): Promise<Embeddings> {
  const { model, texts } = request;
  const body = renderEmbed(request, contextTokens);
  const call = { path: "/api/embed", body, model, maxBytes: MAX_VECTORS_BYTES } as const;
  const answer = await requestJson(server, call, embedSchema, signal);
  if (answer.remote_host || answer.remote_model) throw remoteModel(model);
  const vectors = verifyVectors(answer.embeddings, texts.length);
  return { model, vectors, promptTokens: answer.prompt_eval_count };
}
