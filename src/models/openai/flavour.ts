/** What OpenAI-compatible servers differ in. Each flavour stands in a file of its own: llama-cpp.ts, vllm.ts … */
import type { JsonObject } from "../../core/ports.ts";
import type { ServerAddress } from "../request.ts";
import type { OpenAiModel } from "./schema.ts";

/** What a flavour knows of a model besides its name. */
export interface ModelFacts {
  /** The longest context that a chat can have; undefined where nobody says. */
  contextTokens?: number | undefined;
  answers: boolean;
  tools: boolean;
  vision: boolean;
  thinks: boolean;
  /** False where a chat has to wait for the model to be loaded. */
  loaded: boolean;
  /** 0 where nobody says. */
  sizeBytes: number;
  parameters?: string | undefined;
  quantization?: string | undefined;
}

export interface ServerFacts {
  /** Name and version for people. */
  version: string;
  /** By the model's id; a model that is not in it is taken at its defaults. */
  models: ReadonlyMap<string, ModelFacts>;
}

export interface Flavour {
  /** Whether the server is of this flavour, by who it says owns its models. */
  claims(models: readonly OpenAiModel[]): boolean;
  /** Asks what only this flavour answers. What it does not answer is left out; throws the signal's reason only. */
  describe(
    server: ServerAddress,
    models: readonly OpenAiModel[],
    signal: AbortSignal,
  ): Promise<ServerFacts>;
  /** Fields of a chat that only this flavour takes. */
  extraFields(facts: ModelFacts): JsonObject;
  /** The field that bounds an answer. */
  maxTokensField: "max_tokens" | "max_completion_tokens";
}

/** What is taken of a model whose server says nothing more than its name. */
export const UNKNOWN_MODEL: ModelFacts = {
  answers: true,
  tools: true,
  vision: false,
  thinks: false,
  loaded: true,
  sizeBytes: 0,
};

export function ownedBy(models: readonly OpenAiModel[], owner: string): boolean {
  return models.some((model) => model.owned_by === owner);
}
