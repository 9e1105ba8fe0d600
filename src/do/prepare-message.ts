/** The person's message as it is kept and told to the model: its files fetched, its pictures looked at. */

import type { TurnWork } from "./end-turn.ts";
import type { MessageBody } from "./history.ts";
import { lookAtPictures } from "./look-at-pictures.ts";
import { receiveMedia } from "./receive-media.ts";
import type { Route } from "./routes-out.ts";
import { userBody } from "./stored-event.ts";
import { userMessageId } from "./turn-names.ts";

export interface PreparedMessage {
  body: MessageBody;
  /** Sentences about files that were not kept, or cannot be looked at. */
  problems: string[];
  /** It has pictures, and none of them can be looked at. */
  isUnseen: boolean;
}

export async function prepareMessage(
  { parts, request, row, takenBack, running }: TurnWork,
  route: Route | undefined,
): Promise<PreparedMessage> {
  const { event, speaker } = request;
  if (event.kind === "stop" || event.message.media.length === 0)
    return { body: userBody(request, takenBack), problems: [], isUnseen: false };
  const received = await receiveMedia(parts, event.message.media, route, speaker.lang);
  const { media } = received;
  const looked = await lookAtPictures(parts.files, media, speaker.lang);
  const kept = { ...request, event: { ...event, message: { ...event.message, media } } };
  const { pictures } = looked;
  const body = { ...userBody(kept, takenBack), ...(pictures.length > 0 ? { pictures } : {}) };
  const id = userMessageId(row.turnId);
  const sealed = await parts.history.seal(id, body);
  // A newer edit stands in its place already.
  if (!running.controller.signal.aborted) parts.history.replaceBody(id, sealed);
  const isUnseen = pictures.length === 0 && looked.problems.length > 0;
  return { body, problems: [...received.problems, ...looked.problems], isUnseen };
}
