/**
 * Whom an erasure can be begun for: who is here; who was removed, of whom conversations and keys are left; and who is
 * being erased, so that asking again finds the end of it.
 */
import { AppError, errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Role } from "../../core/roles.ts";
import { loadLoggedPerson } from "../../db/logged-person.ts";
import type { Env } from "../../env.ts";
import { verifyRoleChange } from "../../security/role-changes.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { loadPersonIds, parsePersonId } from "./person-ids.ts";

/** Whoever was removed was not the last owner: the directory sees to that. */
const OTHER_OWNERS = 2;

/** By id or name; who was removed by id only. Throws person/*, permission/denied. */
export async function findErasable(env: Env, idOrName: string, actor: Role): Promise<PersonId> {
  try {
    const { id, role } = await openDirectory(env).showPerson(idOrName);
    if (role === "owner") throw new AppError("person/is_owner");
    verifyRoleChange({ actor, from: role, to: undefined, owners: 1 });
    return id;
  } catch (error) {
    const id = parsePersonId(idOrName);
    if (errorCode(error) !== "person/unknown" || id === undefined) throw error;
    const known = await loadLoggedPerson(env.DB, await loadPersonIds(env, id));
    if (known) verifyRoleChange({ actor, from: known.role, to: undefined, owners: OTHER_OWNERS });
    else if ((await env.ERASURE.getByName(id).state()).status === "none") throw error;
    return id;
  }
}
