/** What is older than the box keeps conversations leaves one: messages, files, sent answers, and what was made of them. */
import type { SessionParts } from "./session-parts.ts";

/** Notes, reminders and what waits stay. How many messages went. */
export function pruneSession(parts: SessionParts, sql: SqlStorage, cutoffMs: number): number {
  return parts.commit(() => {
    const gone = sql
      .exec("DELETE FROM messages WHERE at_ms < ? RETURNING seq", cutoffMs)
      .toArray().length;
    sql.exec("DELETE FROM inbox WHERE state <> 'queued' AND accepted_at_ms < ?", cutoffMs);
    sql.exec("DELETE FROM outbox WHERE state IN ('sent', 'parked') AND at_ms < ?", cutoffMs);
    sql.exec(
      "DELETE FROM file_chunks WHERE file_id IN (SELECT id FROM files WHERE at_ms < ?)",
      cutoffMs,
    );
    sql.exec("DELETE FROM files WHERE at_ms < ?", cutoffMs);
    if (gone === 0) return 0;
    sql.exec("DELETE FROM summary");
    const { inbox, outbox, history, past, summaries } = parts;
    past.forget();
    for (const table of [inbox, outbox, history, summaries]) table.reload();
    return gone;
  });
}
