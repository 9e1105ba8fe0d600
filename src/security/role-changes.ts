/** Who may change whose role, or remove whom. Pure: what the table of permissions cannot say. */
import { AppError } from "../core/errors.ts";
import type { Role } from "../core/roles.ts";

export interface RoleChange {
  /** Of who changes it. */
  actor: Role;
  from: Role;
  /** Undefined: the person is removed. */
  to: Role | undefined;
  /** People who are owners now. */
  owners: number;
}

const OWNERS_OWN: readonly (Role | undefined)[] = ["owner", "admin"];

/** Throws permission/denied, person/last_owner. Owners and admins are made and unmade by an owner only. */
export function verifyRoleChange({ actor, from, to, owners }: RoleChange): void {
  if (actor !== "owner" && (OWNERS_OWN.includes(from) || OWNERS_OWN.includes(to)))
    throw new AppError("permission/denied", {
      detail: "Only the owner makes and unmakes owners and admins.",
    });
  if (from === "owner" && to !== "owner" && owners <= 1) throw new AppError("person/last_owner");
}
