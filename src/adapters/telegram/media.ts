/** The files of a Telegram message as MediaRefs. Only references: the bytes are fetched by files.ts. */
import type { MediaKind, MediaRef } from "../../core/message.ts";
import { cleanLine } from "./clean-text.ts";
import type { TelegramMessage } from "./update.ts";

const MAX_NAME_UNITS = 255;
/** Characters without a form of their own: one that turns the direction shows another ending than the name has. */
const UNSEEN = /\p{Cf}/gu;
const MIME_PATTERN = /^[a-z0-9!#$&^_.+-]{1,63}\/[a-z0-9!#$&^_.+-]{1,63}$/;

/** Where a message may hold one file, what kind it is, and its type where Telegram states none. */
const FILE_PARTS = [
  { part: "document", kind: "file", mime: undefined },
  { part: "voice", kind: "voice", mime: "audio/ogg" },
  { part: "audio", kind: "audio", mime: "audio/mpeg" },
  { part: "video", kind: "video", mime: "video/mp4" },
  { part: "video_note", kind: "video", mime: "video/mp4" },
] as const satisfies { part: keyof TelegramMessage; kind: MediaKind; mime: string | undefined }[];

interface FilePart {
  file_id: string;
  file_size?: number | undefined;
  file_name?: string | undefined;
  mime_type?: string | undefined;
  duration?: number | undefined;
}

function checkedMime(stated: string | undefined): string | undefined {
  const mime = stated?.toLowerCase();
  return mime !== undefined && MIME_PATTERN.test(mime) ? mime : undefined;
}

function createRef(kind: MediaKind, file: FilePart, defaultMime: string | undefined): MediaRef {
  const mime = checkedMime(file.mime_type) ?? defaultMime;
  const shown = (file.file_name ?? "").replace(UNSEEN, "");
  const name = cleanLine(shown, MAX_NAME_UNITS).replace(/[/\\]/g, "_");
  return {
    kind,
    id: file.file_id,
    ...(mime === undefined ? {} : { mime }),
    ...(name === "" ? {} : { name }),
    ...(file.file_size === undefined ? {} : { sizeBytes: file.file_size }),
    ...(file.duration === undefined ? {} : { durationMs: file.duration * 1000 }),
  };
}

/** Telegram lists one photo in several sizes; the largest is the photo. */
function largestPhoto(message: TelegramMessage): MediaRef[] {
  let largest: NonNullable<TelegramMessage["photo"]>[number] | undefined;
  for (const size of message.photo ?? [])
    if (!largest || size.width * size.height >= largest.width * largest.height) largest = size;
  return largest ? [createRef("image", largest, "image/jpeg")] : [];
}

function stickerRef(sticker: NonNullable<TelegramMessage["sticker"]>): MediaRef {
  if (sticker.is_animated) return createRef("sticker", sticker, "application/x-tgsticker");
  return createRef("sticker", sticker, sticker.is_video ? "video/webm" : "image/webp");
}

export function mediaOf(message: TelegramMessage): MediaRef[] {
  const media = largestPhoto(message);
  for (const { part, kind, mime } of FILE_PARTS) {
    const file = message[part];
    if (file) media.push(createRef(kind, file, mime));
  }
  if (message.sticker) media.push(stickerRef(message.sticker));
  return media;
}
