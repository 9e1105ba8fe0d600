/** What people send and what they are sent, in words that no platform owns. Pure types. */

/** Where people talk. `direct` has one person in it; the others answer only when mentioned. */
export interface Conversation {
  id: string;
  kind: "direct" | "group";
  thread?: string;
  title?: string;
}

export interface Sender {
  id: string;
  name?: string;
  isBot?: boolean;
  /** BCP 47, as the platform states it. */
  lang?: string;
}

export type MediaKind = "image" | "audio" | "voice" | "video" | "file" | "sticker";

/** A file at the platform (`id`) or already in the session's store (`fileId`). Serialisable. */
export interface MediaRef {
  kind: MediaKind;
  id?: string;
  fileId?: string;
  mime?: string;
  name?: string;
  sizeBytes?: number;
  durationMs?: number;
  /** What is said in it, once it was written down. */
  transcript?: string;
}

/** Where an answer goes. Serialisable: it is stored with the queue row and with the outbox row. */
export interface Target {
  conversation: Conversation;
  /** Platform id of the message to answer to. */
  replyTo?: string;
  /** What only the channel's own adapter reads. */
  extra?: Record<string, string>;
}

export interface InboundMessage {
  /** The platform's id of the message; an edit carries the id of the message it edits. */
  id: string;
  atMs: number;
  conversation: Conversation;
  sender: Sender;
  /** Well-formed UTF-16, the mention of the assistant stripped. */
  text: string;
  mentionsMe: boolean;
  media: MediaRef[];
  replyTo?: { id: string; text?: string };
  target: Target;
}

/** `key` is unique within the account: the claim that makes a repeat harmless. */
export type InboundEvent =
  | { kind: "message"; key: string; message: InboundMessage }
  | { kind: "edit"; key: string; message: InboundMessage }
  | { kind: "stop"; key: string; conversation: Conversation; sender: Sender; target: Target }
  | { kind: "ignored"; reason: string };

/** The platform's name of something sent, for edits and for the log. Serialisable. */
export interface SentRef {
  id: string;
}

/** One message to send, already split to the channel's limit. */
export interface OutboundPart {
  /** Markdown as the model wrote it; the adapter renders it into its dialect. */
  markdown: string;
  /** Unique for the part, the same at each try: the platform's own key where it has one. */
  idempotencyKey: string;
}

/** One line of a conversation as its readers see it: history, web chat, export. */
export interface ChatMessage {
  /** Position in the session, rising. */
  seq: number;
  id: string;
  role: "user" | "assistant";
  text: string;
  atMs: number;
  channel: string;
  /** Name of the sender where several people talk. */
  sender?: string;
  media: MediaRef[];
  /** Set where the answer is not whole: stopped by the person, or cut by an error. */
  cut?: "stopped" | "error";
}
