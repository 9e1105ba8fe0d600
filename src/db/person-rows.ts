/** What D1's log says of a person: identities, turns and what they cost. */
import { and, gt, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { identities, turns, usage } from "./schema.ts";

/** Rows that are read at once. */
const PAGE_ROWS = 1_000;

export function loadPersonIdentities(binding: D1Database, personIds: readonly string[]) {
  return drizzle(binding)
    .select()
    .from(identities)
    .where(inArray(identities.personId, [...personIds]))
    .orderBy(identities.id);
}

/** All of them, oldest first: ids begin with their time. */
export async function* readPersonTurns(binding: D1Database, personIds: readonly string[]) {
  for (let afterId = ""; ; ) {
    const rows = await drizzle(binding)
      .select()
      .from(turns)
      .where(and(inArray(turns.personId, [...personIds]), gt(turns.id, afterId)))
      .orderBy(turns.id)
      .limit(PAGE_ROWS);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    afterId = last.id;
  }
}

/** In the order of their turns. */
export async function* readPersonUsage(binding: D1Database, personIds: readonly string[]) {
  for (let afterId = ""; ; ) {
    const rows = await drizzle(binding)
      .select()
      .from(usage)
      .where(and(inArray(usage.personId, [...personIds]), gt(usage.turnId, afterId)))
      .orderBy(usage.turnId)
      .limit(PAGE_ROWS);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    afterId = last.turnId;
  }
}
