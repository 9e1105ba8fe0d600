/**
 * Everything worth knowing that happens, as one union. Logs, metrics and (later) the audit are its readers. No event
 * holds message text or a secret.
 */
import type { ErrorCode } from "./errors.ts";
import type { Priority } from "./ports.ts";
import type { QuotaName } from "./quotas.ts";

export type RockpoolEvent =
  | {
      type: "request";
      requestId: string;
      method: string;
      route: string;
      status: number;
      ms: number;
      code?: ErrorCode;
    }
  | {
      type: "webhook:received";
      channel: string;
      account: string;
      outcome: "accepted" | "duplicate" | "ignored" | "pairing" | "denied" | "full" | "limited";
      count: number;
    }
  | { type: "turn:started"; turnId: string; session: string; channel: string; queuedMs: number }
  | {
      type: "turn:finished";
      turnId: string;
      session: string;
      channel: string;
      outcome: "answered" | "stopped" | "failed" | "command" | "postponed";
      code?: ErrorCode;
      /** The failure's own words, redacted. */
      cause?: string;
      model?: string;
      promptTokens?: number;
      outputTokens?: number;
      firstTokenMs?: number;
      ms: number;
    }
  /** A model failed before its first word, and the next one of its chain is tried. */
  | { type: "model:failover"; from: string; to: string; code: ErrorCode; cause?: string }
  /** A server is left alone for a while, or taken back. */
  | {
      type: "model:server";
      server: string;
      state: "cooling" | "back";
      code?: ErrorCode;
      ms?: number;
    }
  /** The model was loaded, or held, before somebody asked. */
  | { type: "model:warmed"; ms: number }
  | { type: "model:not_warmed"; code: ErrorCode; cause?: string }
  /** The model server counted far fewer tokens than it was sent: it may have cut the prompt. */
  | {
      type: "prompt:undercounted";
      session: string;
      model: string;
      estimated: number;
      counted: number;
    }
  | { type: "gate:granted"; priority: Priority; waitedMs: number }
  | { type: "gate:full"; priority: Priority }
  /** A slot was taken back from a holder that was not heard of. */
  | { type: "gate:lost"; heldMs: number }
  /** `unwanted`: what it was made of was forgotten, or left behind by a fresh start. */
  | {
      type: "summary:finished";
      session: string;
      outcome: "made" | "unwanted" | "gave_way" | "failed";
      turns: number;
      code?: ErrorCode;
      cause?: string;
      ms: number;
    }
  /** A long document was read to its end, part by part. */
  | { type: "document:read"; session: string; parts: number; ms: number }
  | { type: "outbox:sent"; session: string; channel: string; attempt: number; ms: number }
  | {
      type: "outbox:retry";
      session: string;
      channel: string;
      attempt: number;
      code: ErrorCode;
      waitMs: number;
      cause?: string;
    }
  | { type: "outbox:parked"; session: string; channel: string; code: ErrorCode; cause?: string }
  | { type: "journal:flushed"; rows: number; ms: number }
  | { type: "journal:failed"; rows: number; code: ErrorCode; cause?: string }
  | {
      type: "connection:state";
      channel: string;
      account: string;
      state: "open" | "retry" | "closed";
      code?: ErrorCode;
      waitMs?: number;
    }
  | {
      type: "pairing:asked" | "pairing:approved" | "pairing:denied";
      channel: string;
      account: string;
    }
  | {
      type: "api:call";
      kind: "chat" | "embeddings";
      outcome: "answered" | "failed" | "cancelled";
      code?: ErrorCode;
      model?: string;
      promptTokens?: number;
      outputTokens?: number;
      firstTokenMs?: number;
      ms: number;
    }
  | { type: "quota:reached"; quota: QuotaName }
  | { type: "apikey:created" | "apikey:revoked"; name: string }
  | { type: "sign_in"; outcome: "accepted" | "refused" }
  /** A refresh token was used twice, or on another device: its session has ended. */
  | { type: "session:stolen" }
  | { type: "fault"; where: string; code: ErrorCode; cause?: string };
