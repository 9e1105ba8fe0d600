/** What is noted of an API call: a line for the log and the metrics, and its tokens as a usage row. Never its text. */
import type { Context } from "hono";
import { errorCode } from "../../core/errors.ts";
import { newId, type TurnId } from "../../core/ids.ts";
import type { UsageEntry } from "../../core/journal.ts";
import { openDirectory } from "../../do/directory/directory-client.ts";
import type { HttpEnv } from "../../http/middleware.ts";
import { emit } from "../../observability/emit.ts";

interface Spent {
  model: string;
  promptTokens: number;
  outputTokens: number;
  firstTokenMs?: number;
}

export interface CallNote {
  answered(spent: Spent): void;
  failed(error: unknown): void;
  /** The client went away before the end. */
  cancelled(): void;
}

/** `spentSoFar` is what a call that does not come to its end has cost; undefined where that is nothing. */
export function noteCall(
  c: Context<HttpEnv>,
  kind: "chat" | "embeddings",
  spentSoFar: () => Spent | undefined = () => undefined,
): CallNote {
  const startedAtMs = Date.now();
  const { personId } = c.get("apiCaller").speaker;
  const keep = (outcome: UsageEntry["outcome"], spent: Spent) => {
    const atMs = Date.now();
    const totalMs = atMs - startedAtMs;
    const turnId = newId<TurnId>();
    const named = { kind: "usage" as const, turnId, personId, outcome };
    const row = { ...named, firstTokenMs: totalMs, ...spent, totalMs, atMs };
    // The answer does not wait for it, and does not fail with it.
    c.executionCtx.waitUntil(
      openDirectory(c.env)
        .noteUsage(row)
        .catch((error: unknown) => {
          emit({ type: "fault", where: "api:usage", code: errorCode(error) });
        }),
    );
  };
  const keepCut = (outcome: UsageEntry["outcome"]) => {
    const spent = spentSoFar();
    if (spent) keep(outcome, spent);
  };
  return {
    answered(spent) {
      emit({ type: "api:call", kind, outcome: "answered", ms: Date.now() - startedAtMs, ...spent });
      keep("answered", spent);
    },
    failed(error) {
      const ms = Date.now() - startedAtMs;
      emit({ type: "api:call", kind, outcome: "failed", code: errorCode(error), ms });
      keepCut("failed");
    },
    cancelled() {
      emit({ type: "api:call", kind, outcome: "cancelled", ms: Date.now() - startedAtMs });
      keepCut("stopped");
    },
  };
}
