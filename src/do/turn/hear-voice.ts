/** Has the voice notes of a message written down; says so where they cannot be. */
import { type AppError, errorCode, isAppError } from "../../core/errors.ts";
import type { MediaRef } from "../../core/message.ts";
import { runInSlot } from "../../gate/run-in-slot.ts";
import { Slot } from "../../gate/slot.ts";
import { transcribe } from "../../models/transcribe.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { phrase } from "../../phrases/phrase.ts";
import { openEgress } from "../delivery/routes-out.ts";
import { openGate } from "../gate/gate-client.ts";
import { openOptions, openRedactors } from "../isolate.ts";
import type { TurnWork } from "./end-turn.ts";
import { createTurnSink } from "./turn-sink.ts";

/** For all voice notes of a message together, with their waits in line: the turn has more to do. */
const HEAR_MS = 120_000;
/** Longest wait of one in line: what is left is enough to write it down. */
const LINE_MS = 60_000;

export interface Heard {
  /** With transcripts where they could be made. */
  media: MediaRef[];
  problems: string[];
  /** There are voice notes, and none of them could be written down. */
  isDeaf: boolean;
  /** Too many wait for the server: what is not written down yet must be tried again. */
  full?: AppError;
}

/** Those that were written down at an earlier try are left as they are. Ends early when the turn is stopped. */
export async function hearVoice(work: TurnWork, media: readonly MediaRef[]): Promise<Heard> {
  const late = AbortSignal.timeout(HEAR_MS);
  const heard: MediaRef[] = [];
  const problems = new Set<string>();
  for (const item of media) {
    const known = isUnheard(item) ? await hearOne(work, item, late) : item.transcript;
    if (isAppError(known)) {
      const rest = media.slice(heard.length);
      return { media: [...heard, ...rest], problems: [], isDeaf: false, full: known };
    }
    const kept = known ? { ...item, transcript: known } : item;
    heard.push(kept);
    if (isUnheard(kept)) problems.add(describeProblem(work, item, known));
  }
  const isDeaf = problems.size > 0 && heard.every(({ transcript }) => transcript === undefined);
  return { media: heard, problems: [...problems], isDeaf };
}

function isUnheard({ kind, fileId, transcript }: MediaRef): boolean {
  return kind === "voice" && fileId !== undefined && transcript === undefined;
}

function describeProblem(
  { request }: TurnWork,
  { name, kind }: MediaRef,
  known: string | undefined,
): string {
  const { lang } = request.speaker;
  if (known === undefined) return phrase(lang, "voiceNone");
  return phrase(lang, "voiceFailed", { name: name ?? kind });
}

/** Empty where it failed or nothing is said; undefined where no server is set up; an error where the line is too long. */
async function hearOne(
  work: TurnWork,
  item: MediaRef,
  late: AbortSignal,
): Promise<string | AppError | undefined> {
  const { env } = work.parts;
  const stopped = work.running.controller.signal;
  if (openOptions(env).ROCKPOOL_TRANSCRIBE_URL === "") return undefined;
  try {
    return openRedactors(env).stored.mask(await hearInLine(work, item, late));
  } catch (error) {
    if (stopped.aborted) return "";
    if (isAppError(error) && error.code === "model/queue_full") return error;
    const cause = describeError(error);
    emit({ type: "fault", where: "transcribe", code: errorCode(error), cause });
    return "";
  }
}

/** The line is one of its own, also where a model server has the same address. */
async function hearInLine(work: TurnWork, item: MediaRef, late: AbortSignal): Promise<string> {
  const { parts, running, row, request } = work;
  const { env } = parts;
  const options = openOptions(env);
  const gate = openGate(env, `transcribe ${options.ROCKPOOL_TRANSCRIBE_URL}`);
  const { personId } = request.speaker;
  const caller = { id: `${row.turnId}:voice`, personId, priority: "interactive" } as const;
  const slot = new Slot(gate, options.ROCKPOOL_TRANSCRIBE_SLOTS, caller);
  const sink = createTurnSink(parts, running);
  const onPlace = sink.state.bind(sink, "waiting");
  const signal = AbortSignal.any([running.controller.signal, late]);
  const hear = () => {
    sink.state("thinking");
    return askServer(work, item, signal);
  };
  return runInSlot(slot, running.controller.signal, hear, { onPlace, maxWaitMs: LINE_MS });
}

async function askServer(
  { parts: { env, files } }: TurnWork,
  { fileId = "", mime = "" }: MediaRef,
  signal: AbortSignal,
): Promise<string> {
  const { ROCKPOOL_TRANSCRIBE_URL: baseUrl, ROCKPOOL_TRANSCRIBE_MODEL: model } = openOptions(env);
  const { body } = await files.read(fileId);
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  const key = env.TRANSCRIBE_KEY?.trim();
  const server = { fetch: openEgress(env, [new URL(baseUrl).origin]), baseUrl, key };
  return transcribe(server, model, { mime, bytes }, signal);
}
