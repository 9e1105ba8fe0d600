/**
 * What each call of a model costs, whatever it is for and however it ends: by the server's count where the answer comes to
 * its end, and by what was sent and heard where it is cut off.
 */
import type { Caller, ChatRequest, Model, ModelChunk, Usage } from "../core/ports.ts";
import { estimatePrompt } from "./tokens.ts";

/** Does not throw; the end of the call waits for it. */
export type NoteSpent = (personId: Caller["personId"], tokens: number) => Promise<void>;

/** Servers send a piece for each token. */
const PIECES: ReadonlySet<ModelChunk["kind"]> = new Set(["thinking", "text", "tool_call"]);

interface CountedModel extends Model {
  chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ModelChunk, void>;
}

/** What was heard of one call so far. */
class Call {
  readonly #request: ChatRequest;
  #pieces = 0;
  #counted: Usage | undefined;

  constructor(request: ChatRequest) {
    this.#request = request;
  }

  /** True for the first piece. */
  hear(chunk: ModelChunk): boolean {
    if (chunk.kind === "done") this.#counted = chunk.usage;
    if (!PIECES.has(chunk.kind)) return false;
    this.#pieces += 1;
    return this.#pieces === 1;
  }

  /** Of the model that answered, once that is known. */
  get model(): string | undefined {
    return this.#counted?.model;
  }

  /** Nothing before the first token. */
  get cost(): Pick<Usage, "promptTokens" | "outputTokens"> {
    const { messages, tools } = this.#request;
    if (this.#counted) return this.#counted;
    if (this.#pieces === 0) return { promptTokens: 0, outputTokens: 0 };
    return { promptTokens: estimatePrompt(messages, tools), outputTokens: this.#pieces };
  }
}

/** What the calls of one turn, or one call of the API, have cost so far. */
export class UsageTally {
  readonly #nowMs: () => number;
  readonly #calls: Call[] = [];
  #model: string;
  #beganAtMs: number | undefined;
  #firstTokenAtMs: number | undefined;

  /** `model` is what is expected to answer. */
  constructor(model: string, nowMs: () => number) {
    this.#model = model;
    this.#nowMs = nowMs;
  }

  /** The same model, whose calls are counted here. */
  over(model: Pick<Model, "chat">): Pick<CountedModel, "chat"> {
    return { chat: (request, signal) => this.#chat(request, model, signal) };
  }

  async *#chat(
    request: ChatRequest,
    model: Pick<Model, "chat">,
    signal: AbortSignal,
  ): AsyncGenerator<ModelChunk, void> {
    const call = new Call(request);
    this.#calls.push(call);
    this.#beganAtMs ??= this.#nowMs();
    for await (const chunk of model.chat(request, signal)) {
      if (call.hear(chunk)) this.#firstTokenAtMs ??= this.#nowMs();
      this.#model = call.model ?? this.#model;
      yield chunk;
    }
  }

  /** Undefined before the first token. */
  get usage(): Usage | undefined {
    const costs = this.#calls.map(({ cost }) => cost);
    const promptTokens = costs.reduce((sum, cost) => sum + cost.promptTokens, 0);
    const outputTokens = costs.reduce((sum, cost) => sum + cost.outputTokens, 0);
    if (promptTokens + outputTokens === 0) return undefined;
    const nowMs = this.#nowMs();
    const beganAtMs = this.#beganAtMs ?? nowMs;
    return {
      model: this.#model,
      promptTokens,
      outputTokens,
      firstTokenMs: (this.#firstTokenAtMs ?? nowMs) - beganAtMs,
      totalMs: nowMs - beganAtMs,
    };
  }
}

/** The same model. A call that ends before its first token costs nothing. */
export function countSpent(model: Model, spent: NoteSpent): CountedModel {
  async function* chat(
    request: ChatRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ModelChunk, void> {
    const call = new Call(request);
    try {
      for await (const chunk of model.chat(request, signal)) {
        call.hear(chunk);
        yield chunk;
      }
    } finally {
      const { promptTokens, outputTokens } = call.cost;
      const tokens = promptTokens + outputTokens;
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
