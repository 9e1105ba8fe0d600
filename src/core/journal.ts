/**
 * Log rows on their way to D1. They are kept beside the truth they describe, in the same transaction, and leave only
 * when D1 has them; each is written by its id, so that writing one twice changes nothing. Pure types.
 */
import type { Role } from "./roles.ts";

export type JournalEntry =
  | {
      kind: "person";
      id: string;
      role: Role;
      name: string;
      lang: string;
      createdAtMs: number;
    }
  | {
      kind: "identity";
      id: string;
      personId: string;
      channel: string;
      account: string;
      name: string;
      createdAtMs: number;
    }
  | {
      kind: "account";
      id: string;
      channel: string;
      name: string;
      access: string;
      transport: string;
      createdAtMs: number;
      removedAtMs: number | null;
    }
  | {
      kind: "session";
      id: string;
      channel: string;
      account: string;
      createdAtMs: number;
      lastAtMs: number;
    }
  /** `body` is sealed, in base64. */
  | {
      kind: "message";
      id: string;
      sessionId: string;
      seq: number;
      role: "user" | "assistant";
      personId: string;
      channel: string;
      turnId: string;
      body: string;
      atMs: number;
    }
  | {
      kind: "turn";
      id: string;
      sessionId: string;
      personId: string;
      channel: string;
      outcome: string;
      code: string | null;
      startedAtMs: number;
      endedAtMs: number;
    }
  | {
      kind: "usage";
      turnId: string;
      personId: string;
      /** How it ended. Of one that did not come to its end the tokens are those that were sent and heard. */
      outcome: "answered" | "stopped" | "failed";
      model: string;
      promptTokens: number;
      outputTokens: number;
      firstTokenMs: number;
      totalMs: number;
      atMs: number;
    }
  /** Everything the session said up to this position is forgotten. */
  | { kind: "forget"; sessionId: string; throughSeq: number }
  /** The person (under all ids) is erased; these conversations hold nothing any more. */
  | { kind: "erase"; personIds: string[]; sessionIds: string[] };

export type MessageEntry = Extract<JournalEntry, { kind: "message" }>;

export type UsageEntry = Extract<JournalEntry, { kind: "usage" }>;

export type JournalKind = JournalEntry["kind"];
