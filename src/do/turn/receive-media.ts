/** Fetches the files of a message from its platform and keeps them sealed; what cannot be kept is said. */
import { MAX_FILE_BYTES } from "../../core/chat-protocol.ts";
import { errorCode, isAppError } from "../../core/errors.ts";
import type { MediaRef } from "../../core/message.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import { type Lang, phrase } from "../../phrases/phrase.ts";
import type { Route } from "../delivery/routes-out.ts";
import { checkQuota, noteSpent, quotaError } from "../quota/quota-client.ts";
import type { SessionParts } from "../session/session-parts.ts";

const MEGABYTE = 1024 * 1024;

export interface Received {
  media: MediaRef[];
  /** Sentences about files that were not kept. */
  problems: string[];
}

/** Reads at most `maxBytes`; undefined for a longer body, whose rest is not fetched. */
async function readCapped(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    length += next.value.byteLength;
    if (length > maxBytes) {
      await reader?.cancel();
      return undefined;
    }
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

async function receiveOne(
  parts: SessionParts,
  media: MediaRef,
  route: Route,
  speaker: Speaker,
): Promise<MediaRef | "too_large"> {
  const room = await checkQuota(parts.env, speaker, { files: 1, fileBytes: media.sizeBytes ?? 1 });
  if (room.status === "over") throw quotaError(parts.env, speaker, room);
  const { adapter, account, io } = route;
  const maxBytes = Math.min(MAX_FILE_BYTES, adapter.capabilities.maxFileBytes);
  if ((media.sizeBytes ?? 0) > maxBytes || !adapter.download) return "too_large";
  const bytes = await readCapped(await adapter.download(media, account, io), maxBytes);
  if (!bytes) return "too_large";
  const name = media.name ?? media.kind;
  const kept = await parts.files.keep(
    {
      personId: speaker.personId,
      kind: media.kind,
      name,
      mime: media.mime ?? "application/octet-stream",
      bytes,
    },
    parts.nowMs(),
  );
  await noteSpent(parts.env, speaker.personId, { files: 1, fileBytes: bytes.byteLength });
  return { ...media, ...kept };
}

/** Files that are in the store already (a web upload, an earlier try) are left as they are. */
export async function receiveMedia(
  parts: SessionParts,
  media: readonly MediaRef[],
  route: Route | undefined,
  speaker: Speaker,
): Promise<Received> {
  const { lang } = speaker;
  const received: Received = { media: [], problems: [] };
  for (const item of media) {
    const name = item.name ?? item.kind;
    if (item.fileId !== undefined || !route) {
      received.media.push(item);
      continue;
    }
    try {
      const kept = await receiveOne(parts, item, route, speaker);
      received.media.push(kept === "too_large" ? item : kept);
      if (kept === "too_large")
        received.problems.push(
          phrase(lang, "fileTooLarge", { name, max: MAX_FILE_BYTES / MEGABYTE }),
        );
    } catch (error) {
      received.media.push(item);
      received.problems.push(describeFailure(error, lang, name));
    }
  }
  return received;
}

/** A limit says of itself what it is. */
function describeFailure(error: unknown, lang: Lang, name: string): string {
  if (isAppError(error) && error.code === "quota/reached") return error.message;
  return phrase(lang, errorCode(error) === "file/store_full" ? "fileStoreFull" : "fileFailed", {
    name,
  });
}
