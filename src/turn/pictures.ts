/**
 * Which pictures a model is told again with each prompt. They are added like messages are; when there would be too many,
 * all earlier ones are left out at once, so that the prompt begins the same for many turns. Pure.
 */
import { MAX_PICTURES } from "../core/picture.ts";
import { IMAGE_TOKENS } from "./tokens.ts";

/** A picture in the session's file store, checked when it came. */
export interface Picture {
  fileId: string;
  sizeBytes: number;
  /** The file that it was made smaller from. */
  of?: string;
}

/** Of the pictures of one prompt together. */
export const MAX_PICTURES_BYTES = 8 * 1024 * 1024;

/** Pictures that have room beside a text, in `tokens` for both. */
export function picturesWithin(tokens: number): number {
  return Math.min(MAX_PICTURES, Math.floor(tokens / IMAGE_TOKENS));
}

/** Of each message the pictures that are told, oldest message first. */
export function decidePictures(
  messages: readonly (readonly Picture[])[],
  maxPictures: number,
): Picture[][] {
  const told: Picture[][] = [];
  let room = { count: maxPictures, bytes: MAX_PICTURES_BYTES };
  for (const pictures of messages) {
    if (fitting(pictures, room).length < pictures.length) {
      for (const earlier of told) earlier.length = 0;
      room = { count: maxPictures, bytes: MAX_PICTURES_BYTES };
    }
    const own = fitting(pictures, room);
    room.count -= own.length;
    room.bytes -= bytesOf(own);
    told.push(own);
  }
  return told;
}

function fitting(pictures: readonly Picture[], room: { count: number; bytes: number }): Picture[] {
  const first = pictures.slice(0, room.count);
  while (bytesOf(first) > room.bytes) first.pop();
  return first;
}

function bytesOf(pictures: readonly Picture[]): number {
  return pictures.reduce((sum, picture) => sum + picture.sizeBytes, 0);
}
