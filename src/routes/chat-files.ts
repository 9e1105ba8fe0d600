/**
 * Files of the web chat: taken from the page, described in a message, and handed back. A file comes from anybody who can
 * write to the conversation, so that a browser shows only raster images and never runs what is in one.
 */
import * as v from "valibot";
import { INLINE_IMAGE_TYPES, MAX_FILE_BYTES, MAX_FILE_NAME_UNITS } from "../core/chat-protocol.ts";
import { AppError, errorCode } from "../core/errors.ts";
import type { SessionKey } from "../core/ids.ts";
import type { MediaKind, MediaRef } from "../core/message.ts";
import type { NewFile, Speaker } from "../core/session-protocol.ts";
import { openRedactors } from "../do/isolate.ts";
import { checkQuota, noteSpent, quotaError } from "../do/quota/quota-client.ts";
import { callSession } from "../do/session/session-client.ts";
import type { Env } from "../env.ts";
import { parseWith, readBody } from "../http/middleware.ts";

const UNKNOWN_TYPE = "application/octet-stream";
const FILE_POLICY = "default-src 'none'; sandbox";

const uploadSchema = v.object({
  name: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(MAX_FILE_NAME_UNITS),
    v.transform(cleanName),
  ),
  kind: v.picklist(["image", "audio", "voice", "video", "file"]),
});

/** A bare name: no path, no control or direction-changing character that would show another ending than it has. */
export function cleanName(name: string): string {
  const bare = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replace(/^.*[/\\]/, "")
    .trim();
  return /^\.*$/.test(bare) ? "file" : bare;
}

/** `type/subtype` in lower case, without parameters. */
export function cleanMime(type: string | null): string {
  const bare = (type ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return /^[a-z0-9][a-z0-9.+-]{0,63}\/[a-z0-9][a-z0-9.+-]{0,63}$/.test(bare) ? bare : UNKNOWN_TYPE;
}

/** Throws file/too_large, file/store_full, quota/reached. */
export async function storeUpload(
  env: Env,
  session: SessionKey,
  speaker: Speaker,
  request: Request,
): Promise<MediaRef> {
  await verifyRoom(env, speaker, 1);
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const { name, kind } = parseWith(uploadSchema, query);
  const mime = cleanMime(request.headers.get("content-type"));
  const bytes = await readBody(request, MAX_FILE_BYTES).catch((cause) => {
    throw errorCode(cause) === "http/too_large" ? new AppError("file/too_large", { cause }) : cause;
  });
  return keepFile(env, session, speaker, { kind, name, mime, bytes });
}

/** Within the person's limits. Throws file/too_large, file/store_full, quota/reached. */
export async function keepFile(
  env: Env,
  session: SessionKey,
  speaker: Speaker,
  file: Omit<NewFile, "personId">,
): Promise<MediaRef> {
  const { personId } = speaker;
  const fileBytes = file.bytes.byteLength;
  await verifyRoom(env, speaker, fileBytes);
  const name = openRedactors(env).stored.mask(file.name);
  const { result } = await callSession(env, session, (stub) =>
    stub.storeFile({ personId, ...file, name }),
  );
  await noteSpent(env, personId, { files: 1, fileBytes });
  return result;
}

/** Asked before the bytes are read, and again when it is known how many they are. */
async function verifyRoom(env: Env, speaker: Speaker, fileBytes: number): Promise<void> {
  const room = await checkQuota(env, speaker, { files: 1, fileBytes });
  if (room.status === "over") throw quotaError(env, speaker, room);
}

function kindOf(mime: string): MediaKind {
  const kind = (["image", "audio", "video"] as const).find((type) => mime.startsWith(`${type}/`));
  return kind ?? "file";
}

/** What a message says of a stored file. Throws file/unknown. */
export async function describeFile(
  env: Env,
  session: SessionKey,
  fileId: string,
): Promise<MediaRef> {
  const { result } = await callSession(env, session, (stub) => stub.openFile(fileId));
  const { name, mime, sizeBytes, body } = result;
  await body.cancel();
  return { kind: kindOf(mime), fileId, name, mime, sizeBytes };
}

/** RFC 6266: the name as ASCII for old clients, and as UTF-8. */
export function disposition(how: "inline" | "attachment", name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${how}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** Throws file/unknown. */
export async function answerFile(env: Env, session: SessionKey, fileId: string): Promise<Response> {
  const { result } = await callSession(env, session, (stub) => stub.openFile(fileId));
  const isImage = INLINE_IMAGE_TYPES.has(result.mime);
  return new Response(result.body, {
    headers: {
      "content-type": isImage ? result.mime : UNKNOWN_TYPE,
      "content-disposition": disposition(isImage ? "inline" : "attachment", result.name),
      "content-security-policy": FILE_POLICY,
      "cache-control": "no-store",
    },
  });
}
