/**
 * Finds the pictures of a message that a model can be shown, makes large ones smaller, and says which ones it cannot and
 * why.
 */
import { MAX_FILE_BYTES } from "../../core/chat-protocol.ts";
import { MAX_DECODED_PIXELS, MAX_SHOWN_SIDE } from "../../core/file-reader-protocol.ts";
import type { PersonId } from "../../core/ids.ts";
import type { MediaRef } from "../../core/message.ts";
import {
  holdsMetadata,
  MAX_PICTURE_BYTES,
  MAX_PICTURE_PIXELS,
  parsePicture,
} from "../../core/picture.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import { type Lang, phrase } from "../../phrases/phrase.ts";
import type { Picture } from "../../turn/pictures.ts";
import type { Files } from "../session/files.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { shrinkPicture } from "./file-reader.ts";

const MEGABYTE = 1024 * 1024;
const MEGAPIXEL = 1_000_000;

export interface Looked {
  pictures: Picture[];
  /** Sentences about pictures that cannot be shown. */
  problems: string[];
}

/** Only what is in the store is looked at; what could not be kept was said already. `shown`: those of an earlier try. */
export async function lookAtPictures(
  parts: SessionParts,
  media: readonly MediaRef[],
  shown: readonly Picture[],
  { lang, personId }: Pick<Speaker, "lang" | "personId">,
): Promise<Looked> {
  const looked: Looked = { pictures: [], problems: [] };
  for (const item of media) {
    if (item.fileId === undefined || !isPicture(item)) continue;
    const known = shown.find(({ fileId, of }) => (of ?? fileId) === item.fileId);
    const picture = known ?? (await lookAt(parts, personId, item.fileId));
    if (picture) looked.pictures.push(picture);
    else looked.problems.push(describeUnseen(parts, item, lang));
  }
  return looked;
}

function describeUnseen({ env }: SessionParts, { name, kind }: MediaRef, lang: Lang): string {
  const [bytes, pixels] = env.FILE_READER
    ? [MAX_FILE_BYTES, MAX_DECODED_PIXELS]
    : [MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS];
  return phrase(lang, "pictureTooLarge", {
    name: name ?? kind,
    max: bytes / MEGABYTE,
    pixels: pixels / MEGAPIXEL,
  });
}

function isPicture({ kind, mime = "" }: MediaRef): boolean {
  return kind === "image" || (kind === "file" && /^image\/(png|jpeg|webp)$/.test(mime));
}

/** Undefined for one that is too large, for bytes that are no picture, and for a file that is not here. */
async function lookAt(
  parts: SessionParts,
  personId: PersonId,
  fileId: string,
): Promise<Picture | undefined> {
  if (!(await parts.files.describe(fileId))) return undefined;
  const { sizeBytes, body } = await parts.files.read(fileId);
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  // The size in pixels, and what else is told of it, stand in the first part.
  const { value: head = new Uint8Array() } = await reader.read();
  await reader.cancel();
  const header = parsePicture(head);
  if (!header) return undefined;
  const pixels = header.width * header.height;
  const isPlain = Math.max(header.width, header.height) <= MAX_SHOWN_SIDE && !holdsMetadata(head);
  const isFit = sizeBytes <= MAX_PICTURE_BYTES && pixels <= MAX_PICTURE_PIXELS;
  const whole = isFit ? { fileId, sizeBytes } : undefined;
  if ((isFit && isPlain) || pixels > MAX_DECODED_PIXELS) return whole;
  return (await shrink(parts, personId, fileId)) ?? whole;
}

/** A smaller copy, beside the file that was sent. */
async function shrink(
  parts: SessionParts,
  personId: PersonId,
  of: string,
): Promise<Picture | undefined> {
  const { env, files } = parts;
  if (!env.FILE_READER) return undefined;
  const { body } = await files.read(of);
  const bytes = await shrinkPicture(env, new Uint8Array(await new Response(body).arrayBuffer()));
  if (!bytes || bytes.length > MAX_PICTURE_BYTES) return undefined;
  const file = { kind: "image" as const, name: "shown.jpg", mime: "image/jpeg", bytes, personId };
  const { fileId } = await files.keep(file, parts.nowMs());
  return fileId === undefined ? undefined : { fileId, sizeBytes: bytes.length, of };
}

/** Base64, for the model server. Throws file/unknown where it was erased meanwhile. */
export async function renderPicture(files: Files, { fileId }: Picture): Promise<string> {
  const { body } = await files.read(fileId);
  return new Uint8Array(await new Response(body).arrayBuffer()).toBase64();
}
