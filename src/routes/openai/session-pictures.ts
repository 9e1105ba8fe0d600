/** Pictures that come with a message of a conversation: looked at before they are kept, and kept like files of the web chat. */
import { MAX_FILE_BYTES } from "../../core/chat-protocol.ts";
import { AppError, isAppError } from "../../core/errors.ts";
import { MAX_DECODED_PIXELS } from "../../core/file-reader-protocol.ts";
import type { SessionKey } from "../../core/ids.ts";
import type { MediaRef } from "../../core/message.ts";
import {
  MAX_PICTURE_BYTES,
  MAX_PICTURE_PIXELS,
  MAX_PICTURES,
  parsePicture,
} from "../../core/picture.ts";
import type { AcceptRequest, Speaker } from "../../core/session-protocol.ts";
import { callSession } from "../../do/session/session-client.ts";
import { openCountedModel } from "../../do/turn/counted-model.ts";
import type { Env } from "../../env.ts";
import { verifyAllowed } from "../../security/permissions.ts";
import { keepFile } from "../chat-files.ts";

export interface SentPicture {
  name: string;
  mime: string;
  bytes: Uint8Array;
}

const MEGABYTE = 1024 * 1024;
const MEGAPIXEL = 1_000_000;

/** As many as a model is shown at once. `images` are base64. Throws http/bad_request, file/too_large. */
export function parsePictures(env: Env, images: readonly string[]): SentPicture[] {
  if (images.length > MAX_PICTURES)
    throw new AppError("http/bad_request", {
      detail: `A message of a conversation has at most ${MAX_PICTURES} pictures.`,
    });
  return images.map((image, index) => parseOne(env, image, index + 1));
}

function parseOne(env: Env, image: string, number: number): SentPicture {
  const bytes = decode(image);
  const header = bytes && parsePicture(bytes);
  if (!header)
    throw new AppError("http/bad_request", {
      detail: `Picture ${number} is no PNG, JPEG or WebP.`,
    });
  // Larger ones are made smaller, where the box has the program for it.
  const [maxBytes, maxPixels] = env.FILE_READER
    ? [MAX_FILE_BYTES, MAX_DECODED_PIXELS]
    : [MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS];
  if (bytes.length > maxBytes || header.width * header.height > maxPixels)
    throw new AppError("file/too_large", {
      detail: `Picture ${number} is larger than ${maxBytes / MEGABYTE} MB or ${maxPixels / MEGAPIXEL} megapixels.`,
    });
  return { name: `${number}.${header.format}`, mime: `image/${header.format}`, bytes };
}

function decode(image: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(image);
  } catch {
    return undefined;
  }
}

/**
 * Where its model cannot see, the call ends here, and nothing is kept; where that cannot be found out now, the
 * conversation says it later. Throws model/unsupported.
 */
async function verifySeen(env: Env, session: SessionKey): Promise<void> {
  const { result } = await callSession(env, session, (stub) => stub.model());
  const profile = await openCountedModel(env)
    .profile(result.name)
    .catch(() => undefined);
  if (profile && !profile.vision)
    throw new AppError("model/unsupported", {
      detail: `The model "${profile.name}" takes no images.`,
    });
}

async function isKnown(env: Env, { session, account, event }: AcceptRequest): Promise<boolean> {
  try {
    await callSession(env, session, (stub) => stub.turn(account, event.key));
    return true;
  } catch (error) {
    if (isAppError(error) && error.code === "http/not_found") return false;
    throw error;
  }
}

export interface KeptPictures {
  media: MediaRef[];
  /** Of a message that was not taken after all. */
  drop(): Promise<void>;
}

/** None for a repeat, whose pictures are there. Throws model/unsupported, permission/denied, quota/reached, file/*. */
export async function keepPictures(
  env: Env,
  request: AcceptRequest,
  pictures: readonly SentPicture[],
): Promise<KeptPictures> {
  const media: MediaRef[] = [];
  const { session, speaker } = request;
  const drop = async () => {
    const ids = media.flatMap(({ fileId }) => (fileId === undefined ? [] : [fileId]));
    if (ids.length > 0) await callSession(env, session, (stub) => stub.dropFiles(ids));
  };
  if (pictures.length === 0 || (await isKnown(env, request))) return { media, drop };
  verifyAllowed(speaker.role, "file:send");
  await verifySeen(env, session);
  try {
    for (const picture of pictures) media.push(await keepOne(env, session, speaker, picture));
  } catch (error) {
    await drop();
    throw error;
  }
  return { media, drop };
}

function keepOne(
  env: Env,
  session: SessionKey,
  speaker: Speaker,
  picture: SentPicture,
): Promise<MediaRef> {
  return keepFile(env, session, speaker, { kind: "image", ...picture });
}
