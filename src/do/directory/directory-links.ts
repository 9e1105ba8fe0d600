/** What works once and says who somebody is: links that sign a person in, and codes that make two people one. */
import type { OwnerLink } from "../../core/admin-protocol.ts";
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import type { LinkRedeemed, Person, RedeemLink } from "../../core/directory-protocol.ts";
import { AppError } from "../../core/errors.ts";
import type { PersonId, SessionKey } from "../../core/ids.ts";
import { hashToken, randomToken } from "../../security/codes.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import { OneTime } from "./one-time.ts";

export class DirectoryLinks {
  readonly #parts: DirectoryParts;
  readonly #oneTime: OneTime;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#oneTime = new OneTime(parts.storage.sql);
  }

  /** A link that signs this person in; the owner, who may not be known yet, where none is named. */
  async createOwnerLink(by: AuditActor, subjectId?: PersonId): Promise<OwnerLink> {
    const { audit } = this.#parts;
    const token = randomToken();
    const hash = await hashToken(token);
    const expiresAtMs = this.#oneTime.addOwnerToken(hash, subjectId ?? null, Date.now());
    const about = subjectId === undefined ? {} : { subjectId };
    audit.add(auditEvent("ownerlink.made", by, { expiresAtMs }, about));
    await audit.flush();
    return { token, expiresAtMs };
  }

  /**
   * Whom the link signs in; the first one of the owner makes the owner. Throws owner/bad_token, and sign_in/other_person
   * where it is not who is `signedIn`: the link stays good.
   */
  async redeemOwnerToken(token: string, ip: string | null, signedIn?: PersonId): Promise<Person> {
    const { storage, people, audit } = this.#parts;
    const hash = await hashToken(token);
    const redeemed = storage.transactionSync(() => {
      const personId = this.#oneTime.takeOwnerToken(hash, Date.now());
      const person =
        personId === null ? people.ensureOwner(Date.now()) : personId && people.find(personId);
      if (!person) throw new AppError("owner/bad_token");
      const here = signedIn && people.find(signedIn);
      if (here && here.id !== person.id)
        throw new AppError("sign_in/other_person", {
          detail: `${here.name} is signed in here, and this link signs in ${person.name}.`,
        });
      audit.add(auditEvent("ownerlink.used", { userId: person.id, ip }));
      return person;
    });
    await audit.flush();
    return redeemed;
  }

  createCode(session: SessionKey, personId: PersonId): string {
    return this.#oneTime.addLinkCode(session, personId, Date.now());
  }

  /** Joins the person who typed the code to the one who made it. Running it twice changes nothing. */
  async redeemCode(request: RedeemLink): Promise<LinkRedeemed> {
    const { storage, people, audit } = this.#parts;
    const redeemed = storage.transactionSync((): LinkRedeemed => {
      const taken = this.#oneTime.takeLinkCode(request.code, request.session, Date.now());
      if (taken.status !== "linked") return { status: taken.status };
      const { to, channel, personId: subjectId } = taken;
      const { personId: userId } = request.speaker;
      const joined = people.join(userId, subjectId, Date.now());
      if (userId !== subjectId)
        audit.add(auditEvent("link.used", { userId, ip: null }, { channel }, { subjectId }));
      return { status: "linked", to, channel, joined };
    });
    await audit.flush();
    return redeemed;
  }
}
