/**
 * Any other server of this kind, hosted ones among them: it says nothing of its models but their names, which tell those
 * that cannot chat and those that take pictures. OpenAI itself bounds an answer by another field than all others.
 */
import { type Flavour, UNKNOWN_MODEL } from "./flavour.ts";

const NO_CHAT = /embed|rerank|whisper|tts|dall-e|moderation|transcribe|image/i;

const SEES = /vision|llava|pixtral|gemini|claude|gpt-4o|gpt-[5-9]|[-_/]vl([-_:]|\d|$)/i;

const hosted: Flavour = {
  claims: () => true,

  async describe(_server, models) {
    const facts = models.map(
      ({ id }) =>
        [id, { ...UNKNOWN_MODEL, answers: !NO_CHAT.test(id), vision: SEES.test(id) }] as const,
    );
    return { version: "OpenAI-compatible", models: new Map(facts) };
  },

  extraFields: () => ({}),

  maxTokensField: "max_tokens",
};

/** The flavour of a server that no other claims. */
export function hostedAt(baseUrl: string): Flavour {
  const isOpenAi = new URL(baseUrl).hostname === "api.openai.com";
  return isOpenAi ? { ...hosted, maxTokensField: "max_completion_tokens" } : hosted;
}
