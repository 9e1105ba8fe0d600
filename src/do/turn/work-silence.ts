/** A dialogue whose person has said nothing for its time: it goes on, or is let go, in a message of its own. */
import { type MessageId, newId, type TurnId } from "../../core/ids.ts";
import { escapeMarkdown } from "../../flows/escape-markdown.ts";
import { MAX_SILENCE_MS } from "../../flows/limits.ts";
import type { DialogueRow } from "../session/dialogues.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { putSpeech, sealSpeech } from "../session/speech.ts";
import { answerMessageId } from "../session/turn-names.ts";
import { closeStep } from "./close-step.ts";

/** One that cannot be opened (keys that are away) is looked at again after this time, and let go at last. */
const RETRY_MS = 5 * 60_000;
const KEEP_MS = MAX_SILENCE_MS + 24 * 3_600_000;

/** Throws what opening and sealing throw. */
export async function workSilence(parts: SessionParts): Promise<void> {
  const row = parts.dialogues.next();
  if (!row || row.dueAtMs > parts.nowMs()) return;
  try {
    await breakSilence(parts, row);
  } catch (error) {
    const nowMs = parts.nowMs();
    if (nowMs - row.atMs > KEEP_MS) parts.dialogues.end(row.personId);
    else parts.dialogues.defer(row.personId, nowMs + RETRY_MS);
    throw error;
  }
}

async function breakSilence(parts: SessionParts, row: DialogueRow): Promise<void> {
  const { dialogues, inbox, readers } = parts;
  const { definition, body } = await dialogues.open(row);
  const { speaker, account, target, snapshot } = body;
  const { personId } = row;
  const { stepFlow } = await import("../../flows/step.ts");
  const step = stepFlow(definition, snapshot, { kind: "silence" }, speaker, parts.nowMs());
  const turnId = newId<TurnId>();
  const stand = { definition, version: row.version, isNew: false, noticeId: turnId };
  const closed = await closeStep(parts, { ...stand, speaker, account, target }, step);
  const id: MessageId = answerMessageId(turnId);
  // In a group nobody else is meant.
  const isGroup = target.conversation.kind === "group";
  const text = isGroup ? `${escapeMarkdown(speaker.name)}: ${closed.text}` : closed.text;
  const speech = await sealSpeech(parts, {
    id,
    turnId,
    text,
    personId,
    account,
    target,
  });
  const message = parts.commit(() => {
    // Left, forgotten or answered while it was sealed.
    const isBroken = inbox.countOf(personId, "dialogue") > 0;
    if (isBroken || !dialogues.has(personId)) return undefined;
    closed.change();
    return putSpeech(parts, speech, parts.nowMs());
  });
  if (message) readers.broadcast({ type: "message", message });
}
