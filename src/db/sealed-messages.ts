/** Under which keys the messages of the log are sealed: read from the beginnings of their envelopes. */
import { and, asc, gt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { messages } from "./schema.ts";

/** Base64 letters that hold an envelope's version and data key. */
const HEAD_LETTERS = 7;
const SPARE_LETTER = "A";
/** Data keys looked for at once: D1 takes a hundred bound values. */
const MAX_HEADS = 50;

export interface SealedCount {
  version: number;
  dataKey: number;
  rows: number;
}

export async function countSealedBy(binding: D1Database): Promise<SealedCount[]> {
  const head = sql<string>`substr(${messages.body}, 1, ${sql.raw(String(HEAD_LETTERS))})`;
  const rows = await drizzle(binding)
    .select({ head, rows: sql<number>`count(*)` })
    .from(messages)
    .groupBy(head);
  return rows.map((row) => ({ ...parseHead(row.head), rows: row.rows }));
}

function parseHead(head: string): { version: number; dataKey: number } {
  const bytes = Uint8Array.fromBase64(head.padEnd(HEAD_LETTERS + 1, SPARE_LETTER));
  return { version: bytes[0] ?? 0, dataKey: new DataView(bytes.buffer).getUint32(1) };
}

/** Conversations after this one with messages of the first form of envelope, or under a data key before this one. */
export async function findOldSessions(
  binding: D1Database,
  staleBelow: number,
  after: string,
  limit: number,
): Promise<string[]> {
  const heads = (await countSealedBy(binding))
    .filter(({ version, dataKey }) => version === 1 || dataKey < staleBelow)
    .slice(0, MAX_HEADS);
  if (heads.length === 0) return [];
  // Base64 keeps no order, so that the heads are compared as they are.
  const wanted = sql.join(
    heads.map(({ version, dataKey }) => sql`${messages.body} GLOB ${globOf(version, dataKey)}`),
    sql` OR `,
  );
  const rows = await drizzle(binding)
    .selectDistinct({ id: messages.sessionId })
    .from(messages)
    .where(and(gt(messages.sessionId, after), sql`(${wanted})`))
    .orderBy(asc(messages.sessionId))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** The first six letters hold the version and all of the data key but its last four bits; the seventh those and two more. */
function globOf(version: number, dataKey: number): string {
  const bytes = new Uint8Array(6);
  bytes[0] = version;
  new DataView(bytes.buffer).setUint32(1, dataKey);
  const first = bytes.toBase64();
  const seventh = [0, 1, 2, 3].map((bits) => {
    bytes[5] = bits << 6;
    return bytes.toBase64()[HEAD_LETTERS - 1] ?? "";
  });
  return `${first.slice(0, HEAD_LETTERS - 1)}[${seventh.join("")}]*`;
}
