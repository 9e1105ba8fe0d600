/** What API keys may do, in words that the command, the directory and the routes share. Pure. */
import type { Speaker } from "./session-protocol.ts";

/** What a key has that was made without words about it. */
export const USUAL_SCOPES = ["chat", "models", "embeddings"] as const;

/** `admin`: what its person's role may do on the admin listener. */
export const API_SCOPES = [...USUAL_SCOPES, "admin"] as const;

export type ApiScope = (typeof API_SCOPES)[number];

/** Longest time for which answers may be kept, and the shortest that makes sense. */
export const MAX_CACHE_ANSWERS_MS = 24 * 3_600_000;
export const MIN_CACHE_ANSWERS_MS = 1_000;

/** Whose call it is, as its key says. */
export interface ApiCaller {
  keyName: string;
  speaker: Speaker;
  scopes: ApiScope[];
  /** Answers the key's chats, whichever one they name. */
  model?: string;
  /** How long answers to its chats are kept for the same chat again; not at all where it is left out. */
  cacheAnswersMs?: number;
  expiresAtMs?: number;
}
