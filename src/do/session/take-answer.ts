/** A word of the desk arrives in the conversation of who was handed over: stored once, with what is to be sent. */
import {
  type DeskAnswer,
  type DeskAnswered,
  HANDOVER_MS,
  type HandoverEnd,
} from "../../core/handover.ts";
import type { MessageId, TurnId } from "../../core/ids.ts";
import { escapeMarkdown } from "../../flows/escape-markdown.ts";
import { phrase } from "../../phrases/phrase.ts";
import { openRedactors } from "../isolate.ts";
import type { HandoverBody, HandoverRow } from "./handovers.ts";
import type { SessionParts } from "./session-parts.ts";
import { putSpeech, type SealedSpeech, sealSpeech } from "./speech.ts";

/** The message in which a hand-over is spoken in; one for each turn or call. */
function deskMessageId(turnId: TurnId): MessageId {
  return `${turnId}:desk` as MessageId; // named like every message: after its turn
}

/** What who was handed over is told. In a group nobody else is meant. */
export function sealToPerson(
  parts: SessionParts,
  { speaker, account, target }: HandoverBody,
  turnId: TurnId,
  text: string,
): Promise<SealedSpeech> {
  const isGroup = target.conversation.kind === "group";
  return sealSpeech(parts, {
    id: deskMessageId(turnId),
    turnId,
    text: isGroup ? `${escapeMarkdown(speaker.name)}: ${text}` : text,
    personId: speaker.personId,
    account,
    target,
  });
}

/** What the person reads when the model takes over again. */
export function renderEnd({ speaker: { lang } }: HandoverBody, end: HandoverEnd): string {
  if (end === "full") return phrase(lang, "handoverFull");
  if (end === "timed_out")
    return phrase(lang, "handoverTimedOut", { hours: HANDOVER_MS / 3_600_000 });
  return phrase(lang, "handoverGivenBack");
}

/** Bringing one twice changes nothing. */
export async function takeAnswer(parts: SessionParts, answer: DeskAnswer): Promise<DeskAnswered> {
  const { turnId, handoverId, isLast, by } = answer;
  const { history, handovers } = parts;
  const id = deskMessageId(turnId);
  if (history.has(id)) return { status: "taken" };
  const row = handovers.byId(handoverId);
  if (!row) return { status: "over" };
  const body = await handovers.open(row);
  const said = openRedactors(parts.env).stored.mask(answer.text);
  const end = isLast ? renderEnd(body, "given_back") : "";
  const text = [said, end].filter((part) => part !== "").join("\n\n");
  const speech = await sealToPerson(parts, body, turnId, text);
  const message = parts.commit(() => {
    if (history.has(id) || !handovers.byId(handoverId)) return undefined;
    const nowMs = parts.nowMs();
    if (isLast) handovers.end(row.personId, "given_back", by.personId);
    else handovers.answered(row, by, nowMs, nowMs + HANDOVER_MS);
    return putSpeech(parts, speech, nowMs);
  });
  if (message) parts.readers.broadcast({ type: "message", message });
  return { status: history.has(id) ? "taken" : "over" };
}

/** Ends one that nobody of the desk ended, and says so. */
export async function giveBack(
  parts: SessionParts,
  row: HandoverRow,
  body: HandoverBody,
  { end, turnId, change }: { end: "timed_out" | "full"; turnId: TurnId; change?: () => void },
): Promise<void> {
  const speech = await sealToPerson(parts, body, turnId, renderEnd(body, end));
  const message = parts.commit(() => {
    const now = parts.handovers.byId(row.id);
    // Answered or ended while it was sealed.
    if (!now || now.atMs !== row.atMs) return undefined;
    parts.handovers.end(row.personId, end, null);
    change?.();
    return putSpeech(parts, speech, parts.nowMs());
  });
  if (message) parts.readers.broadcast({ type: "message", message });
}
