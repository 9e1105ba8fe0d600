/**
 * Everything of one person leaves a conversation: what was said by and to the person, said and unsaid answers, files,
 * reminders, notes. What others said in a group stays. Running it twice changes nothing.
 */
import type { MessageId, PersonId } from "../../core/ids.ts";
import type { MessageBody } from "./history.ts";
import { Readable } from "./readable.ts";
import type { SessionParts } from "./session-parts.ts";

export interface Erased {
  messages: number;
  files: number;
  /** Nobody else has said anything here. */
  isEmpty: boolean;
}

/** Messages that are opened at once, to see which files they brought. */
const BATCH_ROWS = 200;

const OWN = "person_id IN (SELECT value FROM json_each(?1))";
const OWN_TURNS = `turn_id IN (SELECT turn_id FROM messages WHERE ${OWN} UNION SELECT turn_id FROM inbox WHERE ${OWN})`;

/** Tables whose rows are one person's. */
const OWN_TABLES = [
  "messages",
  "inbox",
  "reminders",
  "dialogues",
  "handovers",
  "ended_handovers",
] as const;

interface Asked {
  parts: SessionParts;
  sql: SqlStorage;
  /** JSON: the ids that the person has or had. */
  ids: string;
}

function count({ sql, ids }: Asked, query: string): number {
  return sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${query}`, ids).one().n;
}

function isAlone(asked: Asked): boolean {
  return count(asked, `messages WHERE NOT ${OWN}`) + count(asked, `inbox WHERE NOT ${OWN}`) === 0;
}

/** What erasing would take away. Changes nothing. */
export async function countPerson(
  parts: SessionParts,
  sql: SqlStorage,
  people: readonly PersonId[],
): Promise<Erased> {
  const asked = { parts, sql, ids: JSON.stringify(people) };
  const files = isAlone(asked)
    ? sql.exec<{ n: number }>("SELECT count(*) AS n FROM files").one().n
    : (await findFiles(asked)).length;
  return { messages: count(asked, `messages WHERE ${OWN}`), files, isEmpty: isAlone(asked) };
}

export async function erasePerson(
  parts: SessionParts,
  sql: SqlStorage,
  people: readonly PersonId[],
): Promise<{ isEmpty: boolean }> {
  const asked = { parts, sql, ids: JSON.stringify(people) };
  const files = isAlone(asked) ? [] : await findFiles(asked);
  stopWork(asked, people);
  const isEmpty = parts.commit(() => {
    const alone = isAlone(asked);
    if (alone) eraseAll(asked);
    else eraseOwn(asked, files);
    const { inbox, outbox, history, past, journal, pins, summaries, reminders } = parts;
    past.forget();
    journal.dropNaming(people);
    for (const table of [inbox, outbox, history, pins, summaries, reminders]) table.reload();
    for (const table of [parts.dialogues, parts.handovers, parts.notices]) table.reload();
    parts.meta.reload();
    return alone;
  });
  if (isEmpty) parts.readers.letGo();
  await parts.stored();
  return { isEmpty };
}

/** Answers that are being made for the person end unsaid. */
function stopWork({ parts, sql, ids }: Asked, people: readonly PersonId[]): void {
  const rows = sql
    .exec<{ seq: number }>(`SELECT seq FROM inbox WHERE state = 'queued' AND ${OWN}`, ids)
    .toArray();
  const seqs = new Set(rows.map(({ seq }) => seq));
  for (const person of people) parts.inbox.cancel(person);
  for (const work of [parts.running, parts.stepping, parts.digesting])
    if (work && seqs.has(work.seq)) work.controller.abort();
}

function eraseAll({ sql }: Asked): void {
  for (const table of [
    "messages",
    "inbox",
    "files",
    "file_chunks",
    "pins",
    "summary",
    "reminders",
    "dialogues",
    "handovers",
    "ended_handovers",
    "notices",
    "digests",
    "digest_parts",
    "journal",
  ])
    sql.exec(`DELETE FROM ${table}`);
  // Its name stays, and where it was moved to.
  sql.exec("DELETE FROM meta WHERE name NOT IN ('key', 'movedTo', 'loggedSeq')");
  // A running turn takes its own row away when it ends.
  sql.exec("DELETE FROM outbox WHERE state <> 'live'");
}

function eraseOwn({ sql, ids }: Asked, files: readonly string[]): void {
  sql.exec(`DELETE FROM outbox WHERE state <> 'live' AND ${OWN_TURNS}`, ids);
  for (const table of ["digests", "digest_parts"])
    sql.exec(`DELETE FROM ${table} WHERE ${OWN_TURNS}`, ids);
  for (const table of OWN_TABLES) sql.exec(`DELETE FROM ${table} WHERE ${OWN}`, ids);
  // It was made of what everybody said; the next one is made without the person.
  sql.exec("DELETE FROM summary");
  const gone = JSON.stringify(files);
  sql.exec("DELETE FROM files WHERE id IN (SELECT value FROM json_each(?))", gone);
  sql.exec("DELETE FROM file_chunks WHERE file_id IN (SELECT value FROM json_each(?))", gone);
}

/** Files that the person's messages brought into a group. */
async function findFiles({ parts, sql, ids }: Asked): Promise<string[]> {
  const files: string[] = [];
  // Which files a message brought that does not open, nobody can tell: they are unreadable once the person's key is gone.
  const readable = new Readable();
  for (let afterSeq = 0; ; ) {
    const rows = sql
      .exec<{ seq: number; id: string; body: ArrayBuffer }>(
        `SELECT seq, id, body FROM messages WHERE ${OWN} AND role = 'user' AND seq > ?2 ORDER BY seq LIMIT ?3`,
        ids,
        afterSeq,
        BATCH_ROWS,
      )
      .toArray();
    const bodies = await Promise.all(
      rows.map((row) =>
        readable.open(parts.history.openBody<MessageBody>(row.id as MessageId, row.body)),
      ),
    );
    for (const body of bodies)
      for (const { fileId } of body?.media ?? []) if (fileId !== undefined) files.push(fileId);
    const last = rows.at(-1);
    if (!last) return files;
    afterSeq = last.seq;
  }
}
