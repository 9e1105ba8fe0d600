/** Whether a conversation was begun: D1 knows it a few seconds later. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { sessions } from "./schema.ts";

export async function hasSession(binding: D1Database, id: string): Promise<boolean> {
  const rows = await drizzle(binding)
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.id, id))
    .limit(1);
  return rows.length > 0;
}
