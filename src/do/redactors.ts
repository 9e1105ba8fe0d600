/** What is masked where, by the owner's choice: before a text is stored, and before a model server elsewhere is sent it. */
import type { Options } from "../config/options.ts";
import type { Env } from "../env.ts";
import { setOwnPatterns } from "../observability/redact.ts";
import type { OwnPattern } from "../redaction/own-patterns.ts";
import { createRedactor, type Redactor } from "../redaction/redactor.ts";

export interface Redactors {
  stored: Redactor;
  remote: Redactor;
}

let read: { text: string; outcome: PromiseSettledResult<OwnPattern[]> } | undefined;

/**
 * Asked for once, before the first request: the matcher is large, and loaded only where the owner has patterns. A text that
 * cannot be read, which the host refuses, makes all fail that has to mask by it.
 */
export async function readOwnPatterns(text: string | undefined): Promise<void> {
  if (text === undefined) return;
  const [outcome] = await Promise.allSettled([parse(text)]);
  read = { text, outcome };
}

async function parse(text: string): Promise<OwnPattern[]> {
  const { parseOwnPatterns } = await import("../redaction/own-patterns.ts");
  return parseOwnPatterns(text);
}

/** From now on the log masks the owner's own patterns, too. Throws where these cannot be read. */
export function createRedactors(env: Env, options: Options): Redactors {
  const own = openOwnPatterns(env.REDACT_PATTERNS);
  setOwnPatterns(own);
  return {
    stored: createRedactor(options.ROCKPOOL_REDACT_STORED, own),
    remote: createRedactor(options.ROCKPOOL_REDACT_REMOTE, own),
  };
}

function openOwnPatterns(text: string | undefined): readonly OwnPattern[] {
  if (text === undefined) return [];
  if (read?.text !== text) throw new Error("The owner's own patterns have not been read.");
  if (read.outcome.status === "rejected") throw read.outcome.reason;
  return read.outcome.value;
}
