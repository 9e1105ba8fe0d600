/**
 * Says a reminder when its time has come: in one transaction its row goes (or waits for its next time), and the sentence stands in the history and in
 * the outbox. A crash before it says the reminder again, a crash after it only sends what is recorded. One whose time
 * came while the box was off is said at its start, and says so.
 */
import { errorCode } from "../../core/errors.ts";
import { type MessageId, newId, parseAccountKey, type TurnId } from "../../core/ids.ts";
import { nextOccurrence } from "../../core/repeat.ts";
import { renderPlainTime } from "../../core/time-zone.ts";
import { phrase } from "../../phrases/phrase.ts";
import type { ReminderBody, ReminderRow } from "./reminders.ts";
import type { SessionParts } from "./session-parts.ts";
import { answerMessageId, replyKey } from "./turn-names.ts";

/** A reminder that comes later than this says that it is late. */
const LATE_MS = 60_000;
/** For one that cannot be opened: it is tried again, and let go after a day. */
const RETRY_MS = 60_000;
const KEEP_MS = 24 * 3_600_000;

/** Says the next reminder if it is due. Throws what its work throws. */
export async function remindNext(parts: SessionParts): Promise<void> {
  const row = parts.reminders.next();
  if (!row || row.nextAtMs > parts.nowMs()) return;
  try {
    await say(parts, row, await parts.reminders.open(row));
  } catch (error) {
    const nowMs = parts.nowMs();
    const isLost = errorCode(error) === "crypto/erased" || nowMs - row.dueAtMs > KEEP_MS;
    if (isLost) parts.reminders.remove(row.number, row.personId);
    else parts.reminders.postpone(row.number, nowMs + RETRY_MS);
    throw error;
  }
}

function textOf(row: ReminderRow, { text, lang, zone }: ReminderBody, nowMs: number): string {
  if (nowMs - row.dueAtMs <= LATE_MS) return phrase(lang, "reminder", { text });
  const time = renderPlainTime(row.dueAtMs, zone);
  return phrase(lang, "reminderLate", { text, time });
}

/** The next time of one that repeats. Times that passed while the box was off are said once, all together. */
async function sealNext({ reminders, nowMs }: SessionParts, row: ReminderRow, body: ReminderBody) {
  if (!body.repeat) return undefined;
  const turnId = newId<TurnId>();
  const dueAtMs = nextOccurrence(body.repeat, Math.max(nowMs(), row.dueAtMs), body.zone);
  return { turnId, dueAtMs, sealed: await reminders.seal(turnId, body, row.personId) };
}

async function say(parts: SessionParts, row: ReminderRow, body: ReminderBody): Promise<void> {
  const { turnId, account, personId } = row;
  const { history, outbox } = parts;
  const text = textOf(row, body, parts.nowMs());
  const id: MessageId = answerMessageId(turnId);
  const shown = { text, media: [] };
  const [next, piece, sealed] = await Promise.all([
    sealNext(parts, row, body),
    outbox.seal(replyKey(turnId, 0), { markdown: text, target: body.target }, personId),
    history.seal(id, shown, personId),
  ]);
  const { channel } = parseAccountKey(account);
  const atMs = parts.nowMs();
  const role = "assistant" as const;
  const seq = parts.commit(() => {
    const isMine = next
      ? parts.reminders.renew(row, next)
      : parts.reminders.remove(row.number, personId);
    if (!isMine) return undefined; // cancelled meanwhile
    outbox.put({ ...piece, turnId, account, state: "pending" }, atMs);
    return history.append({ id, turnId, role, personId, channel, aside: true, atMs, sealed });
  });
  if (seq === undefined) return;
  parts.readers.broadcast({ type: "message", message: { seq, id, role, atMs, channel, ...shown } });
}
