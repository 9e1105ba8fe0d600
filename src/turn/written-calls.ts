/**
 * Calls that a model writes into its answer in place of making them: held back from the person while the text may be
 * one, and read at its end. What is no call after all is shown then. Pure.
 */
import { isJsonObject, parseJsonText } from "../core/json-text.ts";
import type { ToolCall } from "../core/ports.ts";
import type { TextFilter } from "./ask-model.ts";

const TAG = "<tool_call>";
const END_TAG = "</tool_call>";
/** A longer text is shown as it comes: calls are short. */
const MAX_HELD_UNITS = 8_000;
const MAX_WRITTEN_CALLS = 8;

/** Whether the text so far may be, or begin, a call. */
function mayBeCall(text: string): boolean {
  const start = text.trimStart();
  return ["{", "[{", "[TOOL_CALLS]", "```json", "```tool_call", "```\n{", TAG].some(
    (mark) => start.startsWith(mark) || mark.startsWith(start),
  );
}

export class WrittenCalls implements TextFilter {
  readonly #find: (name: string) => string | undefined;
  #held = "";
  #isHolding = true;

  /** `find` knows the tools that are offered. */
  constructor(find: (name: string) => string | undefined) {
    this.#find = find;
  }

  push(delta: string): string {
    this.#held += delta;
    if (this.#isHolding) {
      if (this.#held.length <= MAX_HELD_UNITS && mayBeCall(this.#held)) return "";
      this.#isHolding = false;
    }
    return this.#release();
  }

  /** What is in front of a tag; a piece at the end that may become one stays. */
  #release(): string {
    const at = this.#held.indexOf(TAG);
    const keep = at >= 0 ? at : this.#held.length - tailOfTag(this.#held);
    const isTooLong = this.#held.length - keep > MAX_HELD_UNITS;
    const shown = isTooLong ? this.#held : this.#held.slice(0, keep);
    this.#held = this.#held.slice(shown.length);
    return shown;
  }

  /** At the end of the answer: the calls, or the text that was held back. */
  end(): { calls: ToolCall[]; text: string } {
    const calls = this.#held.trim() === "" ? [] : this.#readCalls();
    return calls.length > 0 ? { calls, text: "" } : { calls, text: this.#held };
  }

  #readCalls(): ToolCall[] {
    const blocks = this.#held.includes(TAG)
      ? this.#held.split(TAG).flatMap((block) => block.split(END_TAG)[0]?.trim() || [])
      : [this.#held];
    const values = blocks.flatMap((block) => parseJsonText(block));
    const calls = values.slice(0, MAX_WRITTEN_CALLS).map((value) => this.#readCall(value));
    return calls.every((call) => call !== undefined)
      ? calls.map((call, index) => ({ ...call, id: `written_${index + 1}` }))
      : [];
  }

  #readCall(value: unknown): Omit<ToolCall, "id"> | undefined {
    if (!isJsonObject(value)) return undefined;
    const inner = isJsonObject(value.function) ? value.function : value;
    const given = [inner.name, inner.tool, inner.tool_name, inner.function].find(
      (name) => typeof name === "string",
    );
    const name = typeof given === "string" ? this.#find(given) : undefined;
    if (name === undefined) return undefined;
    const args = inner.arguments ?? inner.parameters ?? inner.args ?? {};
    if (isJsonObject(args)) return { name, arguments: args };
    return { name, arguments: {}, written: typeof args === "string" ? args : JSON.stringify(args) };
  }
}

/** Letters at the end that begin a tag. */
function tailOfTag(text: string): number {
  for (let length = Math.min(TAG.length - 1, text.length); length > 0; length -= 1)
    if (TAG.startsWith(text.slice(-length))) return length;
  return 0;
}
