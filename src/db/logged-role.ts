/** The role that the log in D1 has of somebody: also of who was removed, until he is erased. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Role } from "../core/roles.ts";
import { people } from "./schema.ts";

/** Undefined for an id that nobody has or had. */
export async function loadLoggedRole(binding: D1Database, id: string): Promise<Role | undefined> {
  const row = await drizzle(binding)
    .select({ role: people.role })
    .from(people)
    .where(eq(people.id, id))
    .get();
  return row?.role;
}
