/** Uploads one file and says how far it is. XMLHttpRequest, because fetch does not tell the progress of a body. */

import type { MediaRef } from "../../core/message.ts";
import { renewal } from "../api.ts";
import { ApiError, toApiError } from "../api-error.ts";
import { parseMedia, parseProblem } from "../schemas.ts";
import { kindOfFile, shortenName } from "./file-rules.ts";

/** An upload that moves nothing for this long is given up. */
const STALL_MS = 60_000;

/** `progress` gets a share from 0 to 1. Throws ApiError; after an abort too. */
export function uploadFile(
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<MediaRef> {
  return renewal.around(() => uploadOnce(file, progress, signal));
}

function uploadOnce(
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
