/** The conversations in which a person was heard or answered, as D1's log knows them. */
import { inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { ERASED } from "./erase-statements.ts";
import { messages, turns } from "./schema.ts";

export async function loadPersonSessions(
  binding: D1Database,
  personIds: readonly string[],
): Promise<string[]> {
  const db = drizzle(binding);
  const ids = [...personIds];
  const [said, answered] = await Promise.all([
    db
      .selectDistinct({ id: messages.sessionId })
      .from(messages)
      .where(inArray(messages.personId, ids)),
    db.selectDistinct({ id: turns.sessionId }).from(turns).where(inArray(turns.personId, ids)),
  ]);
  const all = new Set([...said, ...answered].map(({ id }) => id));
  all.delete(ERASED);
  return [...all].sort();
}
