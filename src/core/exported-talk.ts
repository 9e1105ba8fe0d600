/** What a conversation hands out of one person. Plain, serialisable values: they cross an object call. */
import type { ChatMessage } from "./message.ts";

export interface ExportedTalk {
  /** Others speak here, too: then only what the person wrote is handed out. */
  isShared: boolean;
  reminders: { text: string; dueAtMs: number }[];
  pins: string[];
  /** What the model is told of older turns, in short; none where others speak here. */
  summary?: string;
  /** The person's dialogue that has not come to its end. */
  dialogues: ExportedDialogue[];
  /** While a person answers in place of the model. */
  handovers: ExportedHandover[];
  /** All that are kept here, sent or not; none where others speak here. */
  files: ExportedFile[];
  /** Things that do not open: what is stored of them was changed or damaged. */
  unreadable: number;
}

export interface ExportedDialogue {
  flow: string;
  title: string;
  /** The question that waits for an answer. */
  asks?: string;
  answers: { question: string; answer: string }[];
  lastStepAtMs: number;
  /** When it is let go without an answer. */
  endsAtMs: number;
}

export interface ExportedHandover {
  flow: string;
  /** What the desk calls it by; absent until it has one. */
  number?: number;
  /** Somebody of the desk has answered. */
  isAnswered: boolean;
  /** Of the desk's last word, or of its beginning. */
  lastWordAtMs: number;
  /** What the desk was told of the dialogue that led to it. */
  told?: string;
}

export interface ExportedFile {
  id: string;
  name: string;
}

export interface ExportedPage {
  messages: ChatMessage[];
  /** Files that these messages brought and that are still kept. */
  files: ExportedFile[];
  /** Messages and files that do not open. */
  unreadable: number;
  /** The next page follows on it; undefined at the end. */
  nextSeq?: number;
}
