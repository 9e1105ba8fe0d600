/**
 * How many tokens a text takes, estimated without a tokenizer and on the safe side: what the model server counts
 * afterwards corrects it (token-rate.ts). Pure.
 */
import type { PromptMessage, ToolSpec } from "../core/ports.ts";

/** Tokens that a message costs besides its text. */
const MESSAGE_TOKENS = 6;
/** What a picture costs. Servers scale pictures down to what their model sees: a few hundred tokens, seldom more. */
export const IMAGE_TOKENS = 1_200;

/** Below it stand letters of Latin, Greek and Cyrillic: two of them seldom need more than a token each way. */
const FIRST_DENSE_CODE = 0x590;
const DIGIT = /^[0-9]$/;
const PLAIN = /^[a-z \n]$/;

/** What each ASCII character counts, in thirds of a token. Many tokenizers give every digit a token of its own. */
const ASCII_THIRDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (DIGIT.test(char)) return 3;
  return PLAIN.test(char) ? 1 : 2;
});

/** What the UTF-16 unit at `index` counts, in thirds of a token. */
export function thirdsAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return ASCII_THIRDS[code] ?? (code < FIRST_DENSE_CODE ? 2 : 3);
}

/** Of a message with this text. */
export function estimateTokens(text: string): number {
  let thirds = 0;
  for (let index = 0; index < text.length; index += 1) thirds += thirdsAt(text, index);
  return Math.ceil(thirds / 3) + MESSAGE_TOKENS;
}

/** Of everything that a chat sends to the model. */
export function estimatePrompt(
  messages: readonly PromptMessage[],
  tools: readonly ToolSpec[] = [],
): number {
  const ofTools = tools.length > 0 ? estimateTokens(JSON.stringify(tools)) : 0;
  return messages.reduce((sum, { content, images = [], toolCalls }) => {
    const ofCalls = toolCalls ? estimateTokens(JSON.stringify(toolCalls)) : 0;
    return sum + estimateTokens(content) + images.length * IMAGE_TOKENS + ofCalls;
  }, ofTools);
}
