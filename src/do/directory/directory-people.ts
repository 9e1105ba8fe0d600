/** People as they are changed and removed from outside: each change is an entry of the audit log in the same commit. */
import type { PersonChange, PersonSummary } from "../../core/admin-protocol.ts";
import { type AuditActor, type AuditValues, auditEvent } from "../../core/audit.ts";
import type { Role } from "../../core/roles.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import type { PersonAdmin, PersonChanged } from "./person-admin.ts";

/** Who does it: as what, and as the audit log names him. */
export interface ChangedBy {
  role: Role;
  by: AuditActor;
}

export class DirectoryPeople {
  readonly #parts: DirectoryParts;
  readonly #admin: PersonAdmin;

  constructor(parts: DirectoryParts, admin: PersonAdmin) {
    this.#parts = parts;
    this.#admin = admin;
  }

  /** Throws person/*, permission/denied. */
  async change(
    idOrName: string,
    change: PersonChange,
    { role, by }: ChangedBy,
  ): Promise<PersonChanged> {
    const { storage, audit } = this.#parts;
    const changed = storage.transactionSync(() => {
      const done = this.#admin.change(idOrName, change, role);
      const action = change.what === "role" ? "role.changed" : "person.changed";
      const about = { subjectId: done.after.id };
      audit.add(auditEvent(action, by, describeChange(done, change), about));
      return done;
    });
    await audit.flush();
    return changed;
  }

  /** Throws person/*, permission/denied. */
  async remove(idOrName: string, { role, by }: ChangedBy): Promise<PersonSummary> {
    const { storage, audit } = this.#parts;
    const removed = storage.transactionSync(() => {
      const person = this.#admin.remove(idOrName, role);
      const about = { subjectId: person.id, personal: { name: person.name } };
      audit.add(auditEvent("person.removed", by, { role: person.role }, about));
      return person;
    });
    await audit.flush();
    return removed;
  }
}

function describeChange({ before }: PersonChanged, change: PersonChange): AuditValues {
  if (change.what === "role") return { from: before.role, to: change.role };
  if (change.what !== "limit") return { what: change.what, kind: change.kind, value: change.value };
  return { what: "limit", name: change.name, value: String(change.value ?? "default") };
}
