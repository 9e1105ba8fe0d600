/** What the fake server says: words, an echo, thinking; and how one token is written down. */
import type { FakeSettings } from "./fake-ollama-settings.ts";

export interface FakePiece {
  field: "content" | "thinking";
  text: string;
}

const WORDS =
  "the quick brown fox jumps over a lazy dog while seven wizards quietly brew coffee in 東京 café naïve ☕ and count stars".split(
    " ",
  );
const THINKING_PIECES = 4;
const CHARS_PER_TOKEN = 4;

function hash(text: string): number {
  let value = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 16_777_619);
  return value >>> 0;
}

function word(index: number): string {
  return WORDS[index % WORDS.length] ?? "";
}

/** The whole answer, one piece a token; the same question has the same answer. */
export function composeAnswer(
  question: string,
  think: boolean,
  settings: FakeSettings,
): FakePiece[] {
  const start = hash(question);
  const thinking: FakePiece[] = Array.from({ length: think ? THINKING_PIECES : 0 }, (_, index) => ({
    field: "thinking",
    text: `${word(start + index)} `,
  }));
  const texts =
    settings.reply === "echo"
      ? (`echo: ${question}`.match(/\s*\S+\s*$|\s*\S+/g) ?? [])
      : Array.from(
          { length: settings.tokens },
          (_, index) => (index === 0 ? "" : " ") + word(start + index),
        );
  return [...thinking, ...texts.map((text): FakePiece => ({ field: "content", text }))];
}

export function countTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / CHARS_PER_TOKEN));
}

/** Written by hand where JSON.stringify of the whole would cost: this is the hot path of the benches. */
export function renderPiece(model: string, piece: FakePiece, extra: string): string {
  const text = JSON.stringify(piece.text);
  const message =
    piece.field === "content" ? `"content":${text}` : `"content":"","thinking":${text}`;
  return `{"model":${JSON.stringify(model)},"created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant",${message}}${extra},"done":false}\n`;
}
