/** What routes and other objects ask of a SessionObject. Plain, serialisable values: they cross an object call. */
import type { DeskAnswer, DeskAnswered } from "./handover.ts";
import type { AccountKey, PersonId, SessionKey, TurnId } from "./ids.ts";
import type { ChatMessage, InboundEvent, MediaRef } from "./message.ts";
import type { PersonAccess } from "./person-access.ts";
import type { Role } from "./roles.ts";
import type { StreamEvent } from "./stream.ts";

/** Who speaks, as admission found out. Stored with the queue row. */
export interface Speaker {
  personId: PersonId;
  role: Role;
  name: string;
  lang: "en" | "zh";
  /** Absent where nothing was set for the person. */
  access?: PersonAccess;
}

export interface AcceptRequest {
  /** The conversation as the platform names it: what a reply is addressed from. */
  session: SessionKey;
  account: AccountKey;
  speaker: Speaker;
  event: Exclude<InboundEvent, { kind: "ignored" }>;
}

export type AcceptOutcome =
  /** Stored durably: the platform may be told so. */
  | { status: "accepted"; isNewConversation?: true }
  /** The same key was stored earlier; the first one answers. */
  | { status: "duplicate" }
  /** Too many wait. Nothing was stored. */
  | { status: "full"; retryAfterMs: number };

/** The conversation goes on in another object: ask there. */
export interface Moved {
  status: "moved";
  to: SessionKey;
  /** Nothing that was accepted here can come again: callers may remember where it went. */
  isSettled: boolean;
}

export type ReplyState =
  | { status: "answered"; text: string }
  | { status: "pending" }
  | { status: "unknown" };

export interface StoredFile {
  name: string;
  mime: string;
  sizeBytes: number;
  body: ReadableStream<Uint8Array>;
}

export interface NewFile {
  /** Whose file it is. */
  personId: PersonId;
  kind: MediaRef["kind"];
  name: string;
  mime: string;
  bytes: Uint8Array;
}

/** A page of history, oldest first. */
export interface HistoryPage {
  status: "page";
  messages: ChatMessage[];
  /** True where older ones exist. */
  more: boolean;
}

/** What was said, oldest first, and what goes on. */
export interface Snapshot {
  status: "snapshot";
  messages: ChatMessage[];
  live?: StreamEvent;
}

export interface TurnSnapshot extends Snapshot {
  turnId: TurnId;
  isOpen: boolean;
}

/** Something the owner is told in his own conversation. */
export interface Notice {
  /** The same however often it is told. */
  id: string;
  text: string;
  personId: PersonId;
}

/** The calls of a SessionObject. */
export interface SessionCalls {
  accept(request: AcceptRequest): Promise<AcceptOutcome | Moved>;
  /** Stores and sends a message that answers none; once for each id. */
  tell(notice: Notice): Promise<{ status: "told" } | Moved>;
  /** A word of the desk to who was handed over; once for each turn. */
  answerHandover(answer: DeskAnswer): Promise<DeskAnswered | Moved>;
  /** What a reader misses after `afterSeq`; undefined begins with the newest 50 messages. */
  snapshot(afterSeq: number | undefined): Promise<Snapshot | Moved>;
  /** The same of one event's turn. Throws http/not_found for a key that was never accepted. */
  turn(account: AccountKey, key: string): Promise<TurnSnapshot | Moved>;
  /** Messages before `beforeSeq` (the newest where undefined), at most `limit` ≤ 100. */
  history(beforeSeq: number | undefined, limit: number): Promise<HistoryPage | Moved>;
  /** The answer to the event with this key, waiting for it up to `timeoutMs` ≤ 120,000. */
  reply(account: AccountKey, key: string, timeoutMs: number): Promise<ReplyState | Moved>;
  /** Seals and keeps a file. Throws file/*. */
  storeFile(file: NewFile): Promise<MediaRef | Moved>;
  /** Files that no message came with after all. */
  dropFiles(ids: readonly string[]): Promise<{ status: "dropped" } | Moved>;
  /** Name or alias of the model that answers here. */
  model(): Promise<{ status: "model"; name: string } | Moved>;
  /** Throws file/unknown. */
  openFile(fileId: string): Promise<StoredFile | Moved>;
}
