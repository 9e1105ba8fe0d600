/** Tells the log and the metrics how a turn ended. */
import type { ErrorCode } from "../../core/errors.ts";
import { parseAccountKey } from "../../core/ids.ts";
import type { Usage } from "../../core/ports.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import type { Work } from "../session/work-head.ts";
import type { TurnEnd } from "./commit.ts";

export interface TurnReport {
  outcome: TurnEnd["outcome"] | "postponed";
  code?: ErrorCode;
  usage?: Usage;
  error?: unknown;
}

export function reportTurn(work: Work, { outcome, code, usage, error }: TurnReport): void {
  const { parts, row, request, startedAtMs } = work;
  emit({
    type: "turn:finished",
    turnId: row.turnId,
    session: parts.key,
    channel: parseAccountKey(request.account).channel,
    outcome,
    ...(code ? { code } : {}),
    ...(error === undefined ? {} : { cause: describeError(error) }),
    ...(usage ? usageOf(usage) : {}),
    ms: parts.nowMs() - startedAtMs,
  });
}

function usageOf({ model, promptTokens, outputTokens, firstTokenMs }: Usage) {
  return { model, promptTokens, outputTokens, firstTokenMs };
}
