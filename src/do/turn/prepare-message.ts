/**
 * The person's message as it is kept and told to the model: its files fetched, its pictures, voice notes and documents
 * made out.
 */

import type { AppError } from "../../core/errors.ts";
import type { MediaRef } from "../../core/message.ts";
import { type Lang, phrase } from "../../phrases/phrase.ts";
import type { ReadDocument } from "../../turn/documents.ts";
import type { Route } from "../delivery/routes-out.ts";
import { openRedactors } from "../isolate.ts";
import type { MessageBody } from "../session/history.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { commandOf, userBody } from "../session/stored-event.ts";
import { userMessageId } from "../session/turn-names.ts";
import type { TurnWork } from "./end-turn.ts";
import { hearVoice } from "./hear-voice.ts";
import { lookAtPictures } from "./look-at-pictures.ts";
import { readDocuments } from "./read-documents.ts";
import { receiveMedia } from "./receive-media.ts";
import { findTldr, questionOf } from "./tldr.ts";

export interface PreparedMessage {
  body: MessageBody;
  /** Documents that came with it, or that it names: not part of the body yet. */
  documents: ReadDocument[];
  /** Sentences about files that were not kept, or cannot be made out. */
  problems: string[];
  /** What it is about cannot be seen, heard or read: an answer would be a guess. */
  isLost: boolean;
  /** Too many wait for a server that has to make it out: it is kept, and tried again. */
  full?: AppError;
}

export async function prepareMessage(
  work: TurnWork,
  route: Route | undefined,
): Promise<PreparedMessage> {
  const { request, takenBack, prepared } = work;
  const media = request.event.kind === "stop" ? [] : request.event.message.media;
  const isPlain = prepared !== undefined || (media.length === 0 && !tldrOf(work));
  if (!isPlain) return makeOut(work, media, route);
  const body = { ...userBody(request, takenBack), ...prepared };
  return { body, documents: [], problems: [], isLost: false };
}

function tldrOf({ request }: TurnWork): { args: string } | undefined {
  const command = commandOf(request.event);
  return command?.name === "tldr" ? command : undefined;
}

async function makeOut(
  work: TurnWork,
  sent: readonly MediaRef[],
  route: Route | undefined,
): Promise<PreparedMessage> {
  const { parts, request, takenBack } = work;
  const { event, speaker } = request;
  if (event.kind === "stop") throw new TypeError("A stop holds no files.");
  const { lang } = speaker;
  const text = event.message.text.trim();
  const received = await receiveMedia(parts, sent, route, speaker);
  const heard = await hearVoice(work, received.media);
  const { media, full } = heard;
  const kept = { ...request, event: { ...event, message: { ...event.message, media } } };
  if (full) {
    const body = userBody(kept, takenBack);
    await keepBody(work, body);
    return { body, documents: [], problems: [], isLost: false, full };
  }
  const seen = await lookAtPictures(parts, media, work.shown ?? [], speaker);
  const read = await findDocuments(work, media, lang);
  const pictures = seen.pictures.length > 0 ? { pictures: seen.pictures } : {};
  const asked = read.documents.length > 0 ? askedOf(work, text, lang) : {};
  const body = { ...userBody(kept, takenBack), ...pictures, ...asked };
  await keepBody(work, body);
  const isSeen = seen.pictures.length > 0 || read.documents.length > 0;
  const isUnseen = !isSeen && seen.problems.length + read.problems.length > 0;
  const isUnheard = heard.isDeaf && text === "" && !isSeen;
  const problems = [...received.problems, ...heard.problems, ...seen.problems, ...read.problems];
  return {
    body,
    documents: maskAll(parts, read.documents),
    problems,
    isLost: isUnseen || isUnheard,
  };
}

/** As they may be kept, beside their bytes. */
function maskAll({ env }: SessionParts, documents: readonly ReadDocument[]): ReadDocument[] {
  const { mask } = openRedactors(env).stored;
  return documents.map((one) => ({ ...one, name: mask(one.name), text: mask(one.text) }));
}

async function findDocuments(work: TurnWork, media: readonly MediaRef[], lang: Lang) {
  const own = await readDocuments(work.parts, media, lang);
  const tldr = tldrOf(work);
  const hasOwn = own.documents.length + own.problems.length > 0;
  return tldr && !hasOwn ? findTldr(work, tldr.args) : own;
}

/** What is asked where the person wrote no question of his own. */
function askedOf(work: TurnWork, text: string, lang: Lang): { asked?: string } {
  const tldr = tldrOf(work);
  if (!tldr && text !== "") return {};
  const question = tldr ? questionOf(tldr.args) : "";
  return { asked: [phrase(lang, "tldrAsk"), question].filter((part) => part !== "").join("\n") };
}

/** Keeps the message as it is told now; a newer edit stands in its place already. */
export async function keepBody(
  { parts, row, request, running }: TurnWork,
  body: MessageBody,
  change?: () => void,
): Promise<void> {
  const id = userMessageId(row.turnId);
  const sealed = await parts.history.seal(id, body, request.speaker.personId);
  parts.commit(() => {
    if (running.controller.signal.aborted) return;
    parts.history.replaceBody(id, sealed);
    change?.();
  });
}
