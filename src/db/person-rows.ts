/** What D1's log says of a person: identities, turns and what they cost. */
import { desc, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { identities, turns, usage } from "./schema.ts";

/** Rows of one kind, the newest. */
const MAX_ROWS = 20_000;

export async function loadPersonRows(binding: D1Database, personIds: readonly string[]) {
  const db = drizzle(binding);
  const ids = [...personIds];
  const [known, taken, used] = await Promise.all([
    db
      .select()
      .from(identities)
      .where(inArray(identities.personId, ids))
      .orderBy(identities.id)
      .limit(MAX_ROWS),
    db
      .select()
      .from(turns)
      .where(inArray(turns.personId, ids))
      .orderBy(desc(turns.startedAtMs), desc(turns.id))
      .limit(MAX_ROWS),
    db
      .select()
      .from(usage)
      .where(inArray(usage.personId, ids))
      .orderBy(desc(usage.atMs), desc(usage.turnId))
      .limit(MAX_ROWS),
  ]);
  return { identities: known, turns: taken, usage: used };
}
