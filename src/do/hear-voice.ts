/** Has the voice notes of a message written down; says so where they cannot be. */
import { errorCode } from "../core/errors.ts";
import type { MediaRef } from "../core/message.ts";
import { transcribe } from "../models/transcribe.ts";
import { emit } from "../observability/emit.ts";
import { describeError } from "../observability/redact.ts";
import { type Lang, phrase } from "../phrases/phrase.ts";
import { openOptions, openRedactors } from "./isolate.ts";
import { openEgress } from "./routes-out.ts";
import type { SessionParts } from "./session-parts.ts";

/** For all voice notes of a message together: the turn has more to do. */
const HEAR_MS = 120_000;

export interface Heard {
  /** With transcripts where they could be made. */
  media: MediaRef[];
  problems: string[];
  /** There are voice notes, and none of them could be written down. */
  isDeaf: boolean;
}

/** Those that were written down at an earlier try are left as they are. Ends early when the signal fires. */
export async function hearVoice(
  parts: SessionParts,
  media: readonly MediaRef[],
  lang: Lang,
  signal: AbortSignal,
): Promise<Heard> {
  const late = AbortSignal.timeout(HEAR_MS);
  const heard: MediaRef[] = [];
  const problems = new Set<string>();
  for (const item of media) {
    const isWanted = item.kind === "voice" && item.fileId !== undefined;
    const known = isWanted
      ? (item.transcript ?? (await hearOne(parts, item, signal, late)))
      : undefined;
    heard.push(known ? { ...item, transcript: known } : item);
    if (isWanted && !known)
      problems.add(
        known === undefined
          ? phrase(lang, "voiceNone")
          : phrase(lang, "voiceFailed", { name: item.name ?? item.kind }),
      );
  }
  const isDeaf = problems.size > 0 && heard.every(({ transcript }) => transcript === undefined);
  return { media: heard, problems: [...problems], isDeaf };
}

/** Empty where it failed or nothing is said; undefined where no server is set up. */
async function hearOne(
  { env, files }: SessionParts,
  { fileId = "", mime = "" }: MediaRef,
  stopped: AbortSignal,
  late: AbortSignal,
): Promise<string | undefined> {
  const { ROCKPOOL_TRANSCRIBE_URL: baseUrl, ROCKPOOL_TRANSCRIBE_MODEL: model } = openOptions(env);
  if (baseUrl === "") return undefined;
  try {
    const { body } = await files.read(fileId);
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    const server = { fetch: openEgress(env, [new URL(baseUrl).origin]), baseUrl };
    const signal = AbortSignal.any([stopped, late]);
    const transcript = await transcribe(server, model, { mime, bytes }, signal);
    return openRedactors(env).stored.mask(transcript);
  } catch (error) {
    if (stopped.aborted) return "";
    const cause = describeError(error);
    emit({ type: "fault", where: "transcribe", code: errorCode(error), cause });
    return "";
  }
}
