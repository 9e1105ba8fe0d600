/** What the web page and the Worker say to each other under /api: types and the limits that both keep to. */
import type { ChatMessage } from "./message.ts";
import type { Speaker } from "./session-protocol.ts";

/** Longest text of one message, in UTF-16 units; a longer one belongs into a file. */
export const MAX_TEXT_UNITS = 32_768;
/** Largest file that a conversation keeps. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024;
export const MAX_FILES_PER_MESSAGE = 10;
export const MAX_FILE_NAME_UNITS = 200;
/** Messages that one page of history holds. */
export const MAX_HISTORY_PAGE = 100;

/**
 * Names the conversation that a stream belongs to. Positions count within one conversation: a reader passes the name
 * back as `of`, and gets a linked conversation from its newest page on, not from a position of the old one.
 */
export const CONVERSATION_HEADER = "rockpool-conversation";

/** GET /api/me. */
export interface Me extends Omit<Speaker, "access"> {
  /** How long the access lasts: to be renewed before. */
  endsInMs: number;
}

/** POST /api/chat/messages. */
export interface SendMessage {
  /** Made by the page, the same at each try: a repeat is harmless. */
  id: string;
  text: string;
  /** Ids of files that were uploaded before. */
  files: string[];
}

/** GET /api/chat/history: oldest first. */
export interface ChatHistory {
  messages: ChatMessage[];
  /** True where older ones exist. */
  more: boolean;
}

/** Raster images, which a browser may show in place; everything else is downloaded. */
export const INLINE_IMAGE_TYPES: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
]);
