/** Finds the pictures of a message that a model can be shown, and says which ones it cannot and why. */
import type { MediaRef } from "../core/message.ts";
import { parsePicture } from "../core/picture.ts";
import { type Lang, phrase } from "../phrases/phrase.ts";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, type Picture } from "../turn/pictures.ts";
import type { Files } from "./files.ts";

const MEGABYTE = 1024 * 1024;
const MEGAPIXEL = 1_000_000;

export interface Looked {
  pictures: Picture[];
  /** Sentences about pictures that cannot be shown. */
  problems: string[];
}

/** Only what is in the store is looked at; what could not be kept was said already. */
export async function lookAtPictures(
  files: Files,
  media: readonly MediaRef[],
  lang: Lang,
): Promise<Looked> {
  const looked: Looked = { pictures: [], problems: [] };
  for (const item of media) {
    if (item.fileId === undefined || !isPicture(item)) continue;
    const picture = await lookAt(files, item.fileId);
    if (picture) looked.pictures.push(picture);
    else looked.problems.push(describeUnseen(item, lang));
  }
  return looked;
}

function describeUnseen({ name, kind }: MediaRef, lang: Lang): string {
  return phrase(lang, "pictureTooLarge", {
    name: name ?? kind,
    max: MAX_PICTURE_BYTES / MEGABYTE,
    pixels: MAX_PICTURE_PIXELS / MEGAPIXEL,
  });
}

function isPicture({ kind, mime = "" }: MediaRef): boolean {
  return kind === "image" || (kind === "file" && /^image\/(png|jpeg|webp)$/.test(mime));
}

/** Undefined for one that is too large, for bytes that are no picture, and for a file that is not here. */
async function lookAt(files: Files, fileId: string): Promise<Picture | undefined> {
  if (!(await files.describe(fileId))) return undefined;
  const { sizeBytes, body } = await files.read(fileId);
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  // The size in pixels stands in the first part.
  const { value } = await reader.read();
  await reader.cancel();
  const header = parsePicture(value ?? new Uint8Array());
  const isFit =
    sizeBytes <= MAX_PICTURE_BYTES &&
    header !== undefined &&
    header.width * header.height <= MAX_PICTURE_PIXELS;
  return isFit ? { fileId, sizeBytes } : undefined;
}

/** Base64, for the model server. Throws file/unknown where it was erased meanwhile. */
export async function renderPicture(files: Files, { fileId }: Picture): Promise<string> {
  const { body } = await files.read(fileId);
  return new Uint8Array(await new Response(body).arrayBuffer()).toBase64();
}
