/**
 * Whose data can be exported: who is here; and who was removed or erased, of whom the logs still know something. Of
 * these the export says what is left.
 */
import type { PersonSummary } from "../../core/admin-protocol.ts";
import { errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Role } from "../../core/roles.ts";
import { type LoggedPerson, loadLoggedPerson } from "../../db/logged-person.ts";
import type { Env } from "../../env.ts";
import { openAudit } from "../audit/audit-client.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { loadPersonIds, parsePersonId } from "./person-ids.ts";

export interface Exportable {
  id: PersonId;
  /** All that the person has or had. */
  ids: PersonId[];
  /** Of somebody who was erased nobody knows it. */
  role: Role | undefined;
  /** Undefined where not even a name is known. */
  about: PersonSummary | LoggedPerson | undefined;
  isRemoved: boolean;
}

/** By id or name; who was removed by id only. Throws person/unknown. */
export async function findExportable(env: Env, idOrName: string): Promise<Exportable> {
  try {
    const about = await openDirectory(env).showPerson(idOrName);
    const ids = await loadPersonIds(env, about.id);
    return { id: about.id, ids, role: about.role, about, isRemoved: false };
  } catch (error) {
    const id = parsePersonId(idOrName);
    if (errorCode(error) !== "person/unknown" || id === undefined) throw error;
    const ids = await loadPersonIds(env, id);
    const about = await loadLoggedPerson(env.DB, ids);
    if (!about && !(await isInAudit(env, ids))) throw error;
    return { id: ids[0] ?? id, ids, role: about?.role, about, isRemoved: true };
  }
}

async function isInAudit(env: Env, ids: readonly PersonId[]): Promise<boolean> {
  const audit = openAudit(env);
  for (const id of ids) {
    if ((await audit.entriesOf(id, 0, 1)).length > 0) return true;
    if ((await audit.accessOf(id, 0, 1)).length > 0) return true;
  }
  return false;
}
