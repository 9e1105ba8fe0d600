/**
 * Whom an erasure can be begun for: who is here; who was removed, of whom conversations and keys are left; and who is
 * being erased, so that asking again finds the end of it.
 */
import { AppError, errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import type { Role } from "../../core/roles.ts";
import { loadLoggedRole } from "../../db/logged-role.ts";
import type { Env } from "../../env.ts";
import { verifyRoleChange } from "../../security/role-changes.ts";
import { openDirectory } from "../directory/directory-client.ts";

const PERSON_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
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
    if (errorCode(error) !== "person/unknown" || !PERSON_ID.test(idOrName)) throw error;
    const id = idOrName as PersonId; // of that form
    const role = await loadLoggedRole(env.DB, id);
    if (role) verifyRoleChange({ actor, from: role, to: undefined, owners: OTHER_OWNERS });
    else if ((await env.ERASURE.getByName(id).state()).status === "none") throw error;
    return id;
  }
}
