/** Files to and from Telegram: https://core.telegram.org/bots/api#sending-files and #getfile. */
import { InputFile } from "grammy";
import * as v from "valibot";
import { AppError, errorCode } from "../../core/errors.ts";
import type { MediaRef, SentRef, Target } from "../../core/message.ts";
import type { Account, Io } from "../adapter.ts";
import { cleanLine } from "./clean-text.ts";
import { callTelegram, tokenOf } from "./client.ts";
import { channelError } from "./failure.ts";
import { apiRoot } from "./fields.ts";
import { MAX_FILE_BYTES } from "./limits.ts";
import { parseSent, placeOf, wireId } from "./send.ts";

/** Larger pictures are refused as photos. */
const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
const TRANSFER_TIMEOUT_MS = 120_000;
const MAX_NAME_UNITS = 120;

const PHOTO_TYPES = new Set(["image/jpeg", "image/png", "image/webp"]);

/** Relative, and with no step up: it becomes part of a URL. A Bot API server in --local mode answers other paths. */
const FileSchema = v.object({
  file_path: v.pipe(v.string(), v.regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.-]+(?:\/[\w.-]+)*$/)),
});

interface UploadedFile {
  name: string;
  mime: string;
  bytes: Uint8Array;
}

/** The name stands in a header line of the upload without quotes. */
function headerName(name: string): string {
  return cleanLine(name, MAX_NAME_UNITS).replace(/[/\\";]/g, "_") || "file";
}

/** A picture goes as a photo; one that Telegram refuses as such (too long, too wide) goes as a file. */
export async function uploadFile(
  target: Target,
  file: UploadedFile,
  account: Account,
  io: Io,
): Promise<SentRef> {
  if (file.bytes.byteLength > MAX_FILE_BYTES) throw new AppError("file/too_large");
  const isPhoto = PHOTO_TYPES.has(file.mime) && file.bytes.byteLength <= MAX_PHOTO_BYTES;
  if (!isPhoto) return sendFile("document", target, file, account, io);
  try {
    return await sendFile("photo", target, file, account, io);
  } catch (error) {
    if (errorCode(error) !== "channel/rejected") throw error;
    return sendFile("document", target, file, account, io);
  }
}

async function sendFile(
  as: "document" | "photo",
  target: Target,
  file: UploadedFile,
  account: Account,
  io: Io,
): Promise<SentRef> {
  const chatId = wireId(target.conversation.id);
  const input = new InputFile(file.bytes, headerName(file.name));
  const sent = await callTelegram(
    account,
    io,
    (api): Promise<unknown> =>
      as === "photo"
        ? api.sendPhoto(chatId, input, placeOf(target))
        : api.sendDocument(chatId, input, placeOf(target)),
    { timeoutMs: TRANSFER_TIMEOUT_MS },
  );
  return parseSent(sent);
}

async function findPath(fileId: string, account: Account, io: Io): Promise<string> {
  const found: unknown = await callTelegram(account, io, (api) => api.getFile(fileId));
  const parsed = v.safeParse(FileSchema, found);
  if (!parsed.success)
    throw new AppError("channel/rejected", {
      detail: "Telegram names no path under which the file can be fetched.",
    });
  return parsed.output.file_path;
}

/** The response is a fresh one: Telegram's own carries the token in its URL. */
export async function downloadFile(media: MediaRef, account: Account, io: Io): Promise<Response> {
  if (media.id === undefined) throw new AppError("file/unknown");
  if ((media.sizeBytes ?? 0) > MAX_FILE_BYTES) throw new AppError("file/too_large");
  const token = tokenOf(account);
  const path = await findPath(media.id, account, io);
  try {
    const response = await io.fetch(`${apiRoot(account)}/file/bot${token}/${path}`, {
      signal: AbortSignal.timeout(TRANSFER_TIMEOUT_MS),
    });
    if (response.ok)
      return new Response(response.body, {
        headers: { "content-type": "application/octet-stream" },
      });
    await response.body?.cancel();
    throw new AppError(response.status >= 500 ? "channel/unavailable" : "channel/rejected", {
      detail: `Telegram answers ${response.status} for the file.`,
    });
  } catch (error) {
    throw channelError(error, token);
  }
}
