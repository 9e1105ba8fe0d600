/** Tools as a turn sees them: what is offered to the model, and how one of its calls is answered. Pure types. */
import type { ToolCall, ToolSpec } from "./ports.ts";

/** A tool that may be offered, and what hints that somebody wants it. */
export interface OfferedTool {
  spec: ToolSpec;
  /** Tested on what people write. Linear in the text: no nested repeats. */
  hints: RegExp;
}

export interface Toolbox {
  /** In the same order in every turn, so that the start of the prompt stays the same. */
  specs: readonly ToolSpec[];
  /** The name of the tool that a model's word for it means; undefined for none of them. */
  find(name: string): string | undefined;
  /**
   * The answer for the model, whole; each failure is told in it. `index` counts the calls of the turn, so that a call has
   * the same name when the turn runs again. Throws only the signal's reason.
   */
  run(call: ToolCall, index: number, signal: AbortSignal): Promise<string>;
}

/** The tools of a turn, and how the model calls them: by itself, or held to a JSON format. */
export interface TurnTools {
  toolbox: Toolbox;
  how: "native" | "format";
  /** Tokens that the answers of tools may add to the prompt. */
  resultTokens: number;
}
