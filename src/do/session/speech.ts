/** A message of the assistant's own accord, which answers none: sealed first, then stored with its outbox rows. */
import {
  type AccountKey,
  type MessageId,
  type PersonId,
  parseAccountKey,
  type TurnId,
} from "../../core/ids.ts";
import type { ChatMessage, Target } from "../../core/message.ts";
import { cutForChannel } from "../delivery/cut-for-channel.ts";
import type { SealedText } from "../delivery/outbox.ts";
import type { MessageBody } from "./history.ts";
import type { SessionParts } from "./session-parts.ts";

export interface Speech {
  id: MessageId;
  turnId: TurnId;
  text: string;
  personId: PersonId;
  account: AccountKey;
  target: Target;
}

export interface SealedSpeech extends Speech {
  body: MessageBody;
  sealed: Uint8Array;
  pieces: SealedText[];
}

export async function sealSpeech(
  { history, outbox }: SessionParts,
  speech: Speech,
): Promise<SealedSpeech> {
  const { id, text, account, personId, target: told } = speech;
  const { replyTo: _replyTo, ...target } = told;
  const body: MessageBody = { text, media: [] };
  const [sealed, pieces] = await Promise.all([
    history.seal(id, body, personId),
    Promise.all(
      cutForChannel(account, text).map((markdown, part) =>
        outbox.seal(`${id}:${part}`, { markdown, target }, personId),
      ),
    ),
  ]);
  return { ...speech, body, sealed, pieces };
}

/** Inside the caller's transaction. */
export function putSpeech(
  { history, outbox }: SessionParts,
  { id, turnId, personId, account, body, sealed, pieces }: SealedSpeech,
  nowMs: number,
): ChatMessage {
  const { channel } = parseAccountKey(account);
  const role = "assistant" as const;
  for (const piece of pieces) outbox.put({ ...piece, turnId, account, state: "pending" }, nowMs);
  const message = { id, turnId, role, personId, channel, aside: true, atMs: nowMs, sealed };
  return { seq: history.append(message), id, role, atMs: nowMs, channel, ...body };
}
