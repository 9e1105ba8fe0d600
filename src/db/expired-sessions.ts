/** Conversations that hold messages from before a time, as D1's log knows them. */
import { lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { messages } from "./schema.ts";

export async function loadExpiredSessions(
  binding: D1Database,
  cutoffMs: number,
  limit: number,
): Promise<string[]> {
  const rows = await drizzle(binding)
    .selectDistinct({ id: messages.sessionId })
    .from(messages)
    .where(lt(messages.atMs, cutoffMs))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Lets the log's own copies go. */
export async function deleteExpired(
  binding: D1Database,
  sessionId: string,
  cutoffMs: number,
): Promise<void> {
  await binding
    .prepare("DELETE FROM messages WHERE session_id = ? AND at_ms < ?")
    .bind(sessionId, cutoffMs)
    .run();
}
