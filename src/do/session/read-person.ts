/** What a conversation holds of one person, page by page: for the person's own export. */
import type {
  ExportedDialogue,
  ExportedFile,
  ExportedHandover,
  ExportedPage,
  ExportedTalk,
} from "../../core/exported-talk.ts";
import type { PersonId } from "../../core/ids.ts";
import { describeDialogue } from "../../flows/describe-dialogue.ts";
import { Readable } from "./readable.ts";
import type { SessionParts } from "./session-parts.ts";

/** Messages of one page. */
const PAGE_ROWS = 500;

const OWN = "person_id IN (SELECT value FROM json_each(?1))";

/** In a group only what the person wrote; alone with the assistant everything. */
export async function describeTalk(
  parts: SessionParts,
  sql: SqlStorage,
  people: readonly PersonId[],
): Promise<ExportedTalk> {
  const isShared =
    sql.exec(`SELECT 1 FROM messages WHERE NOT ${OWN} LIMIT 1`, JSON.stringify(people)).toArray()
      .length > 0;
  const readable = new Readable();
  const reminders = people.flatMap((person) => parts.reminders.of(person));
  const opened = await Promise.all(
    reminders.map(async (row) => {
      const body = await readable.open(parts.reminders.open(row));
      return body && { text: body.text, dueAtMs: row.dueAtMs };
    }),
  );
  const summary = isShared ? undefined : await readable.open(parts.summaries.current());
  const pins = isShared ? [] : ((await readable.open(parts.pins.all())) ?? []);
  const talk = {
    isShared,
    ...(summary ? { summary: summary.text } : {}),
    reminders: opened.filter((reminder) => reminder !== undefined),
    dialogues: await describeDialogues(parts, people, readable),
    handovers: await describeHandovers(parts, people, readable),
    pins: pins.map(({ text }) => text),
    files: isShared ? [] : await describeFiles(parts, allFiles(sql), readable),
  };
  return { ...talk, unreadable: readable.unreadable };
}

async function describeDialogues(
  { dialogues }: SessionParts,
  people: readonly PersonId[],
  readable: Readable,
): Promise<ExportedDialogue[]> {
  const described = people.map(async (person) => {
    const row = dialogues.find(person);
    const opened = row && (await readable.open(dialogues.open(row)));
    if (!opened) return [];
    const { snapshot, speaker } = opened.body;
    const { flow, atMs: lastStepAtMs, dueAtMs: endsAtMs } = row;
    return [
      { flow, ...describeDialogue(opened.definition, snapshot, speaker), lastStepAtMs, endsAtMs },
    ];
  });
  return (await Promise.all(described)).flat();
}

async function describeHandovers(
  { handovers }: SessionParts,
  people: readonly PersonId[],
  readable: Readable,
): Promise<ExportedHandover[]> {
  const described = people.map(async (person) => {
    const row = handovers.find(person);
    const opened = row && (await readable.open(handovers.open(row)));
    if (!opened) return [];
    const { flow, number, desk, atMs: lastWordAtMs } = row;
    const told = opened.notice?.[opened.speaker.lang];
    return [
      {
        flow,
        ...(number === undefined ? {} : { number }),
        isAnswered: desk !== undefined,
        lastWordAtMs,
        ...(told === undefined ? {} : { told }),
      },
    ];
  });
  return (await Promise.all(described)).flat();
}

function allFiles(sql: SqlStorage): string[] {
  return sql
    .exec<{ id: string }>("SELECT id FROM files ORDER BY id")
    .toArray()
    .map(({ id }) => id);
}

async function describeFiles(
  parts: SessionParts,
  ids: readonly string[],
  readable: Readable,
): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const id of ids) {
    const described = await readable.open(parts.files.describe(id));
    if (described) files.push({ id, name: described.name ?? "file" });
  }
  return files;
}

/** Oldest first. */
export async function readTalk(
  parts: SessionParts,
  sql: SqlStorage,
  people: readonly PersonId[],
  { afterSeq, isShared }: { afterSeq: number; isShared: boolean },
): Promise<ExportedPage> {
  const rows = sql
    .exec<{ seq: number }>(
      `SELECT seq FROM messages WHERE ${OWN} AND seq > ?2 ${isShared ? "AND role = 'user'" : ""} ORDER BY seq LIMIT ?3`,
      JSON.stringify(people),
      afterSeq,
      PAGE_ROWS,
    )
    .toArray();
  const last = rows.at(-1)?.seq;
  if (last === undefined) return { messages: [], files: [], unreadable: 0 };
  const readable = new Readable();
  const opened = await Promise.all(rows.map(({ seq }) => readable.open(parts.history.at([seq]))));
  const messages = opened.flatMap((found) => found ?? []);
  const ids = messages.flatMap(({ media }) => media.flatMap(({ fileId }) => fileId ?? []));
  const files = await describeFiles(parts, ids, readable);
  return { messages, files, unreadable: readable.unreadable, nextSeq: last };
}
