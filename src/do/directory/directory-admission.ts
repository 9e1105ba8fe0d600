/** Who is let in at an account: people who are known or may come, and strangers who wait with a code for the owner's word. */
import type { Access } from "../../adapters/adapter.ts";
import type { PendingPairing } from "../../core/admin-protocol.ts";
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import type { Admission, AdmitRequest } from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import { type Pairing, Pairings } from "./pairings.ts";

export class DirectoryAdmission {
  readonly #parts: DirectoryParts;
  readonly #pairings: Pairings;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#pairings = new Pairings(parts.storage.sql);
  }

  admit(request: AdmitRequest, access: Access): Admission {
    return this.#parts.storage.transactionSync(() => {
      const known = this.#parts.people.admit(request, access, Date.now());
      return known.status === "stranger" ? this.#pairings.ask(request, Date.now()) : known;
    });
  }

  noticed(code: string): void {
    this.#pairings.noticed(code, Date.now());
  }

  pending(): PendingPairing[] {
    return this.#pairings.pending(Date.now());
  }

  /** Throws pairing/unknown_code. */
  async decide(code: string, approve: boolean, by: AuditActor): Promise<Pairing> {
    const { storage, people, audit } = this.#parts;
    const decided = storage.transactionSync(() => {
      const pairing = this.#pairings.take(code, Date.now());
      if (!pairing) throw new AppError("pairing/unknown_code");
      const { account, sender, senderName, lang } = pairing;
      const newcomer = { account, sender, name: senderName, lang };
      const known = approve && people.enrol(newcomer, "member", Date.now());
      const subjectId = known && known.status === "admitted" ? known.speaker.personId : undefined;
      const more = { personal: { sender, senderName }, ...(subjectId ? { subjectId } : {}) };
      const action = approve ? "pairing.approved" : "pairing.denied";
      audit.add(auditEvent(action, by, { account }, more));
      return pairing;
    });
    await audit.flush();
    return decided;
  }
}
