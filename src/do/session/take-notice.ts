/** A notice arrives in the owner's own conversation: stored once, and sent where he wrote from last. */
import { accountKey, type MessageId, type TurnId } from "../../core/ids.ts";
import type { Notice } from "../../core/session-protocol.ts";
import { noteSession } from "../intake/accept.ts";
import type { SessionParts } from "./session-parts.ts";
import { putSpeech, sealSpeech } from "./speech.ts";
import { targetOf } from "./stored-event.ts";

export async function takeNotice(parts: SessionParts, notice: Notice): Promise<void> {
  const turnId = notice.id as TurnId; // of the step that it tells of, in whichever conversation that was
  const id = `${turnId}:told` as MessageId; // named like every message: after its turn
  if (parts.history.has(id)) return;
  const { text, personId } = notice;
  const speech = await sealSpeech(parts, {
    ...(await findAddress(parts, notice)),
    id,
    turnId,
    text,
    personId,
  });
  const message = parts.commit(() => {
    if (parts.history.has(id)) return undefined;
    noteSession(parts, speech, parts.nowMs());
    return putSpeech(parts, speech, parts.nowMs());
  });
  if (message) parts.readers.broadcast({ type: "message", message });
}

/** The web chat, until the owner has written from elsewhere. */
async function findAddress(parts: SessionParts, { personId }: Notice) {
  const newest = await parts.history.openNewestOf(personId);
  if (newest) return { account: newest.request.account, target: targetOf(newest.request.event) };
  const conversation = { id: personId, kind: "direct" as const };
  return { account: accountKey("web", "main"), target: { conversation } };
}
