/** Uploads one file and says how far it is. XMLHttpRequest, because fetch does not tell the progress of a body. */

import { MAX_FILE_BYTES, MAX_FILE_NAME_UNITS } from "../../core/chat-protocol.ts";
import type { MediaKind, MediaRef } from "../../core/message.ts";
import { ApiError, toApiError } from "../api.ts";
import { parseMedia, parseProblem } from "../schemas.ts";

/** An upload that moves nothing for this long is given up. */
const STALL_MS = 60_000;

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
  const ending = dot > 0 && plain.length - dot <= 20 ? plain.slice(dot) : "";
  return (plain.slice(0, MAX_FILE_NAME_UNITS - ending.length) + ending).toWellFormed();
}

/** `progress` gets a share from 0 to 1. Throws ApiError; after an abort too. */
export function uploadFile(
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<MediaRef> {
  const query = new URLSearchParams({ name: shortenName(file.name), kind: kindOfFile(file.type) });
  const request = new XMLHttpRequest();
  let stall: ReturnType<typeof setTimeout> | undefined;
  const watch = () => {
    clearTimeout(stall);
    stall = setTimeout(() => request.abort(), STALL_MS);
  };
  return new Promise<MediaRef>((resolve, reject) => {
    request.open("POST", `/api/chat/files?${query}`);
    request.upload.onprogress = ({ loaded, total }) => {
      watch();
      progress(total > 0 ? loaded / total : 0);
    };
    request.onload = () => {
      try {
        resolve(readAnswer(request));
      } catch (error) {
        reject(toApiError(error));
      }
    };
    request.onerror = () => reject(new ApiError({ status: 0 }));
    request.onabort = () => reject(new ApiError({ status: 0 }));
    signal.addEventListener("abort", () => request.abort());
    watch();
    request.send(file);
  }).finally(() => clearTimeout(stall));
}

function readAnswer(request: XMLHttpRequest): MediaRef {
  const { status } = request;
  if (status >= 200 && status < 300) return parseMedia(JSON.parse(request.responseText));
  throw new ApiError({ status, problem: readProblem(request.responseText) });
}

function readProblem(text: string) {
  try {
    return parseProblem(JSON.parse(text));
  } catch {
    return undefined; // a proxy's own page
  }
}
