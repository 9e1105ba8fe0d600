/**
 * What a hand-over needs besides words: its number from the directory, its end when nobody answers in time, and the
 * directory's knowledge of that end. Each step is stored before the next one, and may be taken again.
 */
import { HANDOVER_MS } from "../../core/handover.ts";
import { newId, type TurnId } from "../../core/ids.ts";
import { phrase } from "../../phrases/phrase.ts";
import { openDirectory } from "../directory/directory-client.ts";
import type { EndedRow, HandoverRow } from "../session/handovers.ts";
import type { NoticeBody } from "../session/notices.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { giveBack } from "../session/take-answer.ts";

/** One that cannot be opened (keys that are away) is looked at again after this time, and let go at last. */
const RETRY_MS = 5 * 60_000;
const KEEP_MS = HANDOVER_MS + 24 * 3_600_000;

/** Throws what the directory, opening and sealing throw. */
export async function workHandover(parts: SessionParts): Promise<void> {
  const ended = parts.handovers.nextEnded();
  if (ended) return closeHandover(parts, ended);
  const row = parts.handovers.next();
  const nowMs = parts.nowMs();
  if (!row || row.nextAtMs > nowMs) return;
  try {
    if (row.number === undefined) await registerHandover(parts, row);
    else await timeOut(parts, row);
  } catch (error) {
    if (nowMs - row.atMs > KEEP_MS) parts.handovers.end(row.personId, "timed_out", null);
    else parts.handovers.defer(row, nowMs + RETRY_MS);
    throw error;
  }
}

/** The directory gives it a number, and the person in charge is told. Where too many wait, the model goes on. */
export async function registerHandover(parts: SessionParts, row: HandoverRow): Promise<void> {
  const { id, personId, flow } = row;
  const { handovers, notices } = parts;
  const opened = await openDirectory(parts.env).openHandover({
    id,
    session: parts.key,
    personId,
    flow,
  });
  const body = await handovers.open(row);
  const number = opened.status === "opened" ? opened.number : undefined;
  const sealed = body.notice && (await notices.seal(id, withNumber(body.notice, number), personId));
  const tell = () => {
    if (sealed) notices.add(id, sealed, parts.nowMs());
  };
  if (number === undefined)
    return giveBack(parts, row, body, { end: "full", turnId: id, change: tell });
  parts.commit(() => {
    const now = handovers.byId(id);
    if (!now || now.number !== undefined) return;
    handovers.registered(now, number, now.atMs + HANDOVER_MS);
    tell();
  });
}

function withNumber({ en, zh }: NoticeBody, number: number | undefined): NoticeBody {
  if (number === undefined) return { en, zh };
  return {
    en: `${en}\n\n${phrase("en", "handoverHowTo", { number })}`,
    zh: `${zh}\n\n${phrase("zh", "handoverHowTo", { number })}`,
  };
}

async function timeOut(parts: SessionParts, row: HandoverRow): Promise<void> {
  const body = await parts.handovers.open(row);
  await giveBack(parts, row, body, { end: "timed_out", turnId: newId<TurnId>() });
}

/** Who answered, or is in charge, hears of an end that the desk did not make. */
async function closeHandover(parts: SessionParts, ended: EndedRow): Promise<void> {
  const { id, end, by, number, personId, desk } = ended;
  await openDirectory(parts.env).closeHandover({ id, end, by });
  const name =
    end === "left" ? "handoverOverLeft" : end === "timed_out" ? "handoverOverTimedOut" : undefined;
  const noticeId = newId<TurnId>();
  const sealed =
    name && number !== undefined
      ? await parts.notices.seal(
          noticeId,
          {
            en: phrase("en", name, { number }),
            zh: phrase("zh", name, { number }),
            ...(desk ? { to: desk } : {}),
          },
          personId,
        )
      : undefined;
  parts.commit(() => {
    parts.handovers.drop(id);
    if (sealed) parts.notices.add(noticeId, sealed, parts.nowMs());
  });
}
