/** What API keys may do, in words that the command, the directory and the routes share. Pure. */
import type { Speaker } from "./session-protocol.ts";

export const API_SCOPES = ["chat", "models", "embeddings"] as const;

export type ApiScope = (typeof API_SCOPES)[number];

/** Whose call it is, as its key says. */
export interface ApiCaller {
  keyName: string;
  speaker: Speaker;
  scopes: ApiScope[];
  /** Answers the key's chats, whichever one they name. */
  model?: string;
  expiresAtMs?: number;
}
