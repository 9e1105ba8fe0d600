/**
 * What each call of a model costs, whatever it is for and however it ends: by the server's count where the answer comes to
 * its end, and by what was sent and heard where it is cut off.
 */
import type { Caller, ChatRequest, Model, ModelChunk } from "../core/ports.ts";
import { estimatePrompt } from "./tokens.ts";

/** Does not throw; the end of the call waits for it. */
export type NoteSpent = (personId: Caller["personId"], tokens: number) => Promise<void>;

/** Servers send a piece for each token. */
const PIECES: ReadonlySet<ModelChunk["kind"]> = new Set(["thinking", "text", "tool_call"]);

interface CountedModel extends Model {
  chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ModelChunk, void>;
}

/** The same model. A call that ends before its first token costs nothing. */
export function countSpent(model: Model, spent: NoteSpent): CountedModel {
  async function* chat(
    request: ChatRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ModelChunk, void> {
    let pieces = 0;
    let counted: number | undefined;
    try {
      for await (const chunk of model.chat(request, signal)) {
        if (PIECES.has(chunk.kind)) pieces += 1;
        if (chunk.kind === "done") counted = chunk.usage.promptTokens + chunk.usage.outputTokens;
        yield chunk;
      }
    } finally {
      const heard = pieces > 0 ? estimatePrompt(request.messages, request.tools) + pieces : 0;
      const tokens = counted ?? heard;
      if (tokens > 0) await spent(request.caller.personId, tokens);
    }
  }
  return {
    chat,
    state: () => model.state(),
    profile: (name) => model.profile(name),
    embed: (embedding, signal) => model.embed(embedding, signal),
  };
}
