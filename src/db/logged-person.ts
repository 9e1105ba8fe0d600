/** What the log in D1 has of somebody himself: also of who was removed, until he is erased. */
import { inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { ROLES, type Role } from "../core/roles.ts";
import { people } from "./schema.ts";

export interface LoggedPerson {
  id: string;
  /** The strongest that any of the ids had. */
  role: Role;
  name: string;
  lang: string;
  createdAtMs: number;
}

/** Who has or had these ids, called as the first of them that the log knows. Undefined where it knows none. */
export async function loadLoggedPerson(
  binding: D1Database,
  ids: readonly string[],
): Promise<LoggedPerson | undefined> {
  const rows = await drizzle(binding)
    .select()
    .from(people)
    .where(inArray(people.id, [...ids]));
  const known = new Map(rows.map((row) => [row.id, row]));
  const first = ids.map((id) => known.get(id)).find((row) => row !== undefined);
  const role = ROLES.find((one) => rows.some((row) => row.role === one));
  return first && { ...first, role: role ?? first.role };
}
