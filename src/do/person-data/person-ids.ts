/** The ids by which a person is, or was, known: people who turned out to be one have several. */
import type { PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { openVault } from "../vault/vault-client.ts";

const PERSON_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Undefined for what has not the form of an id. */
export function parsePersonId(text: string): PersonId | undefined {
  return PERSON_ID.test(text) ? (text as PersonId) : undefined; // of that form
}

/** The one that goes on first. */
export async function loadPersonIds(env: Env, id: PersonId): Promise<PersonId[]> {
  const ids = await openVault(env).idsOf(id);
  // Where the directory has joined two people, and the vault not yet.
  return ids.includes(id) ? ids : [...ids, id];
}
