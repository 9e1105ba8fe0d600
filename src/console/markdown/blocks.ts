/**
 * Cuts a growing Markdown text into its top-level blocks. All but the last are final: they are found once, drawn once,
 * and only the last one is read again as the text grows.
 */
import type { Env, Token } from "markdown-it";
import { markdown } from "./render.ts";

export interface Blocks {
  /** Source of each top-level block, the last one unfinished. */
  sources: readonly string[];
  /** Link definitions found so far. */
  references: NonNullable<Env["references"]>;
  /** Text that the finished blocks cover. */
  finished: string;
}

export const NO_BLOCKS: Blocks = { sources: [], references: {}, finished: "" };

/** The blocks of `text`; `previous` are those of an earlier and shorter state of it, or of any other text. */
export function cutBlocks(previous: Blocks, text: string): Blocks {
  const plain = text.replace(/\r\n?/g, "\n");
  const isGrown = plain.startsWith(previous.finished);
  const base = isGrown ? previous : NO_BLOCKS;
  const kept = base.finished === "" ? [] : base.sources.slice(0, -1);
  const rest = plain.slice(base.finished.length);
  const env: Env = { references: { ...base.references } };
  const sources = cutRest(rest, env);
  const finishedRest = sources.slice(0, -1).join("");
  return {
    sources: [...kept, ...sources],
    references: env.references ?? {},
    finished: base.finished + finishedRest,
  };
}

/** Every character of `rest` is in exactly one of the pieces. */
function cutRest(rest: string, env: Env): string[] {
  const tokens: Token[] = [];
  markdown.block.parse(rest, markdown, env, tokens);
  const starts = tokens.flatMap(({ level, nesting, map }) =>
    level === 0 && nesting >= 0 && map ? [map[0]] : [],
  );
  const lines = rest.split("\n");
  const pieces: string[] = [];
  for (const [at, start] of starts.entries()) {
    const from = at === 0 ? 0 : start;
    const piece = lines.slice(from, starts[at + 1]).join("\n");
    pieces.push(at + 1 < starts.length ? `${piece}\n` : piece);
  }
  return pieces.length > 0 ? pieces : [rest];
}
