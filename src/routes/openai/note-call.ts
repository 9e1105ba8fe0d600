/** What is noted of an API call: a line for the log and the metrics, and its tokens as a usage row. Never its text. */
import type { Context } from "hono";
import { errorCode } from "../../core/errors.ts";
import { newId, type TurnId } from "../../core/ids.ts";
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

export function noteCall(c: Context<HttpEnv>, kind: "chat" | "embeddings"): CallNote {
  const startedAtMs = Date.now();
  const { speaker } = c.get("apiCaller");
  return {
    answered(spent) {
      const nowMs = Date.now();
      const ms = nowMs - startedAtMs;
      emit({ type: "api:call", kind, outcome: "answered", ms, ...spent });
      const row = {
        kind: "usage" as const,
        turnId: newId<TurnId>(),
        personId: speaker.personId,
        firstTokenMs: ms,
        ...spent,
        totalMs: ms,
        atMs: nowMs,
      };
      // The answer does not wait for it, and does not fail with it.
      c.executionCtx.waitUntil(
        openDirectory(c.env)
          .noteUsage(row)
          .catch((error: unknown) => {
            emit({ type: "fault", where: "api:usage", code: errorCode(error) });
          }),
      );
    },
    failed(error) {
      const ms = Date.now() - startedAtMs;
      emit({ type: "api:call", kind, outcome: "failed", code: errorCode(error), ms });
    },
    cancelled() {
      emit({ type: "api:call", kind, outcome: "cancelled", ms: Date.now() - startedAtMs });
    },
  };
}
