/** What is masked where, by the owner's choice: before a text is stored, and before a model server elsewhere is sent it. */
import type { Options } from "../config/options.ts";
import type { Env } from "../env.ts";
import { setOwnPatterns } from "../observability/redact.ts";
import { parseOwnPatterns } from "../redaction/own-patterns.ts";
import { createRedactor, type Redactor } from "../redaction/redactor.ts";

export interface Redactors {
  stored: Redactor;
  remote: Redactor;
}

/** From now on the log masks the owner's own patterns, too. The host has refused a file that cannot be read. */
export function createRedactors(env: Env, options: Options): Redactors {
  const own = parseOwnPatterns(env.REDACT_PATTERNS ?? "");
  setOwnPatterns(own);
  return {
    stored: createRedactor(options.ROCKPOOL_REDACT_STORED, own),
    remote: createRedactor(options.ROCKPOOL_REDACT_REMOTE, own),
  };
}
