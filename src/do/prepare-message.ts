/** The person's message as it is kept and told to the model: its files fetched, its pictures and voice notes made out. */
import type { TurnWork } from "./end-turn.ts";
import { hearVoice } from "./hear-voice.ts";
import type { MessageBody } from "./history.ts";
import { lookAtPictures } from "./look-at-pictures.ts";
import { receiveMedia } from "./receive-media.ts";
import type { Route } from "./routes-out.ts";
import { userBody } from "./stored-event.ts";
import { userMessageId } from "./turn-names.ts";

export interface PreparedMessage {
  body: MessageBody;
  /** Sentences about files that were not kept, or cannot be made out. */
  problems: string[];
  /** What it is about cannot be seen or heard: an answer would be a guess. */
  isLost: boolean;
}

export async function prepareMessage(
  { parts, request, row, takenBack, running }: TurnWork,
  route: Route | undefined,
): Promise<PreparedMessage> {
  const { event, speaker } = request;
  if (event.kind === "stop" || event.message.media.length === 0)
    return { body: userBody(request, takenBack), problems: [], isLost: false };
  const { lang } = speaker;
  const { signal } = running.controller;
  const received = await receiveMedia(parts, event.message.media, route, lang);
  const heard = await hearVoice(parts, received.media, lang, signal);
  const { media } = heard;
  const { pictures, problems: unseen } = await lookAtPictures(parts.files, media, lang);
  const kept = { ...request, event: { ...event, message: { ...event.message, media } } };
  const body = { ...userBody(kept, takenBack), ...(pictures.length > 0 ? { pictures } : {}) };
  const id = userMessageId(row.turnId);
  const sealed = await parts.history.seal(id, body);
  // A newer edit stands in its place already.
  if (!signal.aborted) parts.history.replaceBody(id, sealed);
  const isUnseen = pictures.length === 0 && unseen.length > 0;
  const isUnheard = heard.isDeaf && event.message.text.trim() === "" && pictures.length === 0;
  const problems = [...received.problems, ...heard.problems, ...unseen];
  return { body, problems, isLost: isUnseen || isUnheard };
}
