/** What a conversation hands out of one person. Plain, serialisable values: they cross an object call. */
import type { ChatMessage } from "./message.ts";

export interface ExportedTalk {
  /** Others speak here, too: then only what the person wrote is handed out. */
  isShared: boolean;
  reminders: { text: string; dueAtMs: number }[];
  pins: string[];
  /** What the model is told of older turns, in short; none where others speak here. */
  summary?: string;
  /** All that are kept here, sent or not; none where others speak here. */
  files: ExportedFile[];
}

export interface ExportedFile {
  id: string;
  name: string;
}

export interface ExportedPage {
  messages: ChatMessage[];
  /** Files that these messages brought and that are still kept. */
  files: ExportedFile[];
  /** The next page follows on it; undefined at the end. */
  nextSeq?: number;
}
