/** Brings what somebody is to be told into his own conversation: until it is stored there, however often it takes. */
import type { Person } from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { Desk } from "../../core/handover.ts";
import { encodeSessionKey, type SessionKey } from "../../core/ids.ts";
import { isAllowed } from "../../security/permissions.ts";
import { findPerson, openDirectory } from "../directory/directory-client.ts";
import type { NoticeRow } from "../session/notices.ts";
import { callSession } from "../session/session-client.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { limitTime } from "../time-limit.ts";

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 5 * 60_000;
/** After this time a notice is let go. */
export const KEEP_NOTICE_MS = 7 * 24 * 3_600_000;
const TELL_TIMEOUT_MS = 30_000;

/** Throws what the directory and the other conversation throw. */
export async function sendNextNotice(parts: SessionParts): Promise<void> {
  const row = parts.notices.next();
  if (!row || row.nextAtMs > parts.nowMs()) return;
  try {
    await limitTime(sendNotice(parts, row), TELL_TIMEOUT_MS, () => {
      return new AppError("session/unavailable", { detail: "The other conversation is silent." });
    });
    parts.notices.drop(row.id);
  } catch (error) {
    const nowMs = parts.nowMs();
    const waitMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(row.attempts, 12));
    if (nowMs - row.atMs > KEEP_NOTICE_MS) parts.notices.drop(row.id);
    else parts.notices.retryAt(row.id, nowMs + waitMs);
    throw error;
  }
}

async function sendNotice(parts: SessionParts, row: NoticeRow): Promise<void> {
  const { to, ...text } = await parts.notices.open(row);
  const { person, session: own } = (to && (await findDesk(parts, to))) ?? (await findOwner(parts));
  const notice = { id: row.id, text: text[person.lang], personId: person.id };
  await callSession(parts.env, own, (session) => session.tell(notice));
}

interface Told {
  person: Person;
  session: SessionKey;
}

/** Undefined where that person is gone, or may not answer any more. */
async function findDesk(
  { env }: SessionParts,
  { personId, session }: Desk,
): Promise<Told | undefined> {
  const person = await findPerson(env, personId);
  return person && isAllowed(person.role, "handover:answer") ? { person, session } : undefined;
}

async function findOwner({ env }: SessionParts): Promise<Told> {
  const person = await openDirectory(env).ensureOwner();
  const at = { channel: "web", account: "main", conversation: person.id };
  return { person, session: encodeSessionKey(at) };
}
