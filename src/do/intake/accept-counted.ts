/**
 * The way to a conversation for everything that people say, whichever door it came through: limits first, in memory,
 * then the conversation's own object. What was a repeat, or found no room, is not counted.
 */
import { TtlCache } from "../../cache/ttl-cache.ts";
import type { SessionKey } from "../../core/ids.ts";
import type { AcceptOutcome, AcceptRequest } from "../../core/session-protocol.ts";
import { hasSession } from "../../db/sessions.ts";
import type { Env } from "../../env.ts";
import {
  checkQuota,
  noteSpent,
  type Over,
  releaseMessage,
  reserveMessage,
} from "../quota/quota-client.ts";
import { callSession } from "../session/session-client.ts";
import { commandOf } from "../session/stored-event.ts";
import { commandLane } from "./accept.ts";

/** Conversations that D1 was asked for; asking is only for those who may begin no more today. */
const known = new TtlCache<true>({
  name: "sessions",
  ttlMs: 3_600_000,
  maxEntries: 10_000,
  nowMs: () => Date.now(),
});

export type Counted =
  | { status: "over"; over: Over }
  | { status: "taken"; session: SessionKey; result: AcceptOutcome };

/** Throws what the object throws. */
export async function acceptCounted(env: Env, request: AcceptRequest): Promise<Counted> {
  const { speaker, session } = request;
  const room = await checkQuota(env, speaker, { conversations: 1 });
  if (room.status === "over" && !(await isKnown(env, session)))
    return { status: "over", over: room };
  const isCounted = needsModel(request.event);
  const reserved = isCounted ? await reserveMessage(env, speaker) : undefined;
  if (reserved?.status === "over") return { status: "over", over: reserved };
  let isTaken = false;
  try {
    const taken = await callSession(env, session, (object) => object.accept(request));
    const { result } = taken;
    isTaken = result.status === "accepted";
    if (result.status === "accepted" && result.isNewConversation)
      await noteSpent(env, speaker.personId, { conversations: 1 });
    return { status: "taken", ...taken };
  } finally {
    if (isCounted && !isTaken) releaseMessage(env, speaker);
  }
}

/** Commands that need none are not counted: /stop must go through. An edit stands in the place of what was counted. */
function needsModel(event: AcceptRequest["event"]): boolean {
  if (event.kind !== "message") return false;
  const command = commandOf(event);
  return command === undefined || commandLane(command) !== "command";
}

async function isKnown(env: Env, session: SessionKey): Promise<boolean> {
  if (known.get(session)) return true;
  const isFound = await hasSession(env.DB, session);
  if (isFound) known.set(session, true);
  return isFound;
}
