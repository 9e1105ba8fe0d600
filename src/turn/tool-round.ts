/**
 * Answers the calls of one round, all at once. Bounded: so many calls a turn, so many tokens of answers in the prompt;
 * what is cut stays readable by a tool of its own. The same call twice is run once.
 */
import type { ToolCall, ToolSpec } from "../core/ports.ts";
import type { TurnTools } from "../core/tools.ts";
import { estimateTokens } from "./tokens.ts";

/** Calls that are run in one turn. */
export const MAX_TURN_CALLS = 16;
/** Longest part of an answer that the model is told at once. */
export const MAX_RESULT_UNITS = 4_000;
/** Longest answer of a tool that is kept for reading on. */
export const MAX_KEPT_UNITS = 500_000;

const READ_MORE: ToolSpec = {
  name: "read_more",
  description: "Reads on in a long tool result.",
  parameters: {
    type: "object",
    properties: {
      result: { type: "string", description: "Its number, such as 1." },
      from: { type: "integer", description: "The position to read from." },
    },
    required: ["result", "from"],
  },
};

export interface AnsweredCall {
  call: ToolCall;
  text: string;
}

export class ToolRounds {
  readonly #tools: TurnTools;
  /** Answers that were too long to be told whole; a result's number is its place here. */
  readonly #kept: string[] = [];
  /** By the call's name and arguments. */
  readonly #known = new Map<string, Promise<string>>();
  #calls = 0;
  #tokensLeft: number;

  constructor(tools: TurnTools) {
    this.#tools = tools;
    this.#tokensLeft = tools.resultTokens;
  }

  /** Whether the model may still call something. */
  get isOpen(): boolean {
    return this.#calls < MAX_TURN_CALLS && this.#tokensLeft > 0;
  }

  get specs(): ToolSpec[] {
    const { specs } = this.#tools.toolbox;
    return this.#kept.length > 0 ? [...specs, READ_MORE] : [...specs];
  }

  find(name: string): string | undefined {
    return name === READ_MORE.name ? name : this.#tools.toolbox.find(name);
  }

  /** In the order of the calls. Throws only the signal's reason. */
  async answer(calls: readonly ToolCall[], signal: AbortSignal): Promise<AnsweredCall[]> {
    const texts = await Promise.all(calls.map((call) => this.#run(call, signal)));
    return calls.map((call, index) => ({ call, text: this.#fit(texts[index] ?? "") }));
  }

  async #run(call: ToolCall, signal: AbortSignal): Promise<string> {
    const key = JSON.stringify([this.find(call.name) ?? call.name, call.written ?? call.arguments]);
    const known = this.#known.get(key);
    if (known !== undefined)
      return `You have this already: ${(await known).slice(0, 200)}\nAnswer now.`;
    if (this.#calls >= MAX_TURN_CALLS) return "Not run: too many calls. Answer with what you have.";
    const index = this.#calls;
    this.#calls += 1;
    if (call.name === READ_MORE.name) return this.#readOn(call);
    const text = this.#tools.toolbox.run(call, index, signal);
    this.#known.set(key, text);
    return text;
  }

  #readOn(call: ToolCall): string {
    const kept = this.#kept[Number(call.arguments.result) - 1];
    const from = Number(call.arguments.from ?? 0);
    if (kept === undefined || !Number.isInteger(from) || from < 0 || from >= kept.length)
      return "Error: there is no such result, or it ends before this position.";
    return kept.slice(from).toWellFormed();
  }

  /** The text as far as it fits, with a pointer to the rest. */
  #fit(text: string): string {
    const whole = text.slice(0, MAX_KEPT_UNITS);
    let units = Math.min(whole.length, MAX_RESULT_UNITS);
    while (units > 0 && estimateTokens(whole.slice(0, units)) > this.#tokensLeft)
      units = Math.floor(units / 2);
    const head = whole.slice(0, units).toWellFormed();
    this.#tokensLeft -= estimateTokens(head);
    if (units === whole.length) return head;
    return `${head}\n${this.#pointTo(whole, units)}`;
  }

  #pointTo(whole: string, units: number): string {
    if (this.#tokensLeft <= 0) return "[The rest does not fit. Answer with what you have.]";
    const at = this.#kept.findIndex((kept) => kept.endsWith(whole));
    const kept = this.#kept[at];
    if (at < 0 || kept === undefined) this.#kept.push(whole);
    const result = at < 0 ? this.#kept.length : at + 1;
    const from = (kept === undefined ? 0 : kept.length - whole.length) + units;
    return `[${whole.length - units} more characters: read_more, result ${result}, from ${from}]`;
  }
}
