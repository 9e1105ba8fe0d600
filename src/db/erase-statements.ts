/** What an erasure changes in D1: what names the person goes, and what is counted stays without a name. */
import { type SQL, sql } from "drizzle-orm";
import type { JournalEntry } from "../core/journal.ts";
import { identities, messages, people, sessions, turns, usage } from "./schema.ts";

/** Stands for a person or a conversation that nobody knows any more. */
export const ERASED = "erased";

export function eraseStatements(entry: Extract<JournalEntry, { kind: "erase" }>): SQL[] {
  const isPerson = (column: SQL) =>
    sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(entry.personIds)}))`;
  const isSession = (column: SQL) =>
    sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(entry.sessionIds)}))`;
  return [
    sql`DELETE FROM ${messages} WHERE ${isPerson(sql`person_id`)} OR ${isSession(sql`session_id`)}`,
    // A conversation's id names the person at the platform.
    sql`UPDATE ${turns} SET person_id = ${ERASED}, session_id = ${ERASED} WHERE ${isPerson(sql`person_id`)}`,
    sql`UPDATE ${usage} SET person_id = ${ERASED} WHERE ${isPerson(sql`person_id`)}`,
    sql`DELETE FROM ${sessions} WHERE ${isSession(sql`id`)}`,
    sql`DELETE FROM ${identities} WHERE ${isPerson(sql`person_id`)}`,
    sql`DELETE FROM ${people} WHERE ${isPerson(sql`id`)}`,
  ];
}
