/** What may be attached, and how it is named. Pure. */
import { MAX_FILE_BYTES, MAX_FILE_NAME_UNITS } from "../../core/chat-protocol.ts";
import type { MediaKind } from "../../core/message.ts";

/** A longer ending is no ending. */
const MAX_ENDING_UNITS = 20;

export type FileProblem = "too_large" | "empty";

/** What is wrong with a file before it is sent; undefined for one that may go. */
export function checkFile(file: { size: number }): FileProblem | undefined {
  if (file.size === 0) return "empty"; // a dropped folder reads as an empty file, too
  return file.size > MAX_FILE_BYTES ? "too_large" : undefined;
}

export function kindOfFile(type: string): MediaKind {
  const kind = (["image", "audio", "video"] as const).find((name) => type.startsWith(`${name}/`));
  return kind ?? "file";
}

/** A name within the limit that keeps its ending. */
export function shortenName(name: string): string {
  const plain = name.toWellFormed() || "file";
  if (plain.length <= MAX_FILE_NAME_UNITS) return plain;
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 && plain.length - dot <= MAX_ENDING_UNITS ? plain.slice(dot) : "";
  return (plain.slice(0, MAX_FILE_NAME_UNITS - ending.length) + ending).toWellFormed();
}
