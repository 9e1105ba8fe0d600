/** When somebody was last answered on this box. */
import { desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { turns } from "./schema.ts";

/** Undefined where nobody ever was. */
export async function loadLastTurnAtMs(binding: D1Database): Promise<number | undefined> {
  const row = await drizzle(binding)
    .select({ atMs: turns.startedAtMs })
    .from(turns)
    .where(eq(turns.outcome, "answered"))
    .orderBy(desc(turns.startedAtMs))
    .limit(1)
    .get();
  return row?.atMs;
}
