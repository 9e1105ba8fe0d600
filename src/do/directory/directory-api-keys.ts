/** API keys as the directory makes, revokes and honours them: each is a person's, and an entry of the audit log. */
import type { ApiKeyCreated, ApiKeySummary, CreateApiKey } from "../../core/admin-protocol.ts";
import type { ApiCaller } from "../../core/api-keys.ts";
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import { AppError } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import { createApiKey, type ParsedApiKey, parseApiKey } from "../../security/api-key.ts";
import { ApiKeys } from "./api-keys.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import { speakerOf } from "./people.ts";

export class DirectoryApiKeys {
  readonly #parts: DirectoryParts;
  readonly #rows: ApiKeys;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#rows = new ApiKeys(parts.storage.sql);
  }

  /** Throws apikey/*, and person/unknown where the key is to be somebody's whom nobody knows. */
  async create(request: CreateApiKey, by: AuditActor): Promise<ApiKeyCreated> {
    const { storage, people, audit } = this.#parts;
    const key = createApiKey();
    const parsed = await parseApiKey(key);
    if (!parsed) throw new TypeError("A key was made that is none.");
    const apiKey = storage.transactionSync(() => {
      const { person: called, name, scopes } = request;
      const person = called === undefined ? people.ensureOwner(Date.now()) : people.only(called);
      const added = this.#rows.add(parsed, request, person, Date.now());
      const more = { subjectId: person.id };
      audit.add(auditEvent("apikey.created", by, { name, scopes: scopes.join(" ") }, more));
      return added;
    });
    await audit.flush();
    return { key, apiKey };
  }

  list(of?: PersonId): ApiKeySummary[] {
    return this.#rows.list(of);
  }

  /** Throws apikey/unknown. */
  async revoke(name: string, by: AuditActor): Promise<void> {
    const { audit } = this.#parts;
    if (!this.#rows.remove(name)) throw new AppError("apikey/unknown");
    audit.add(auditEvent("apikey.revoked", by, { name }));
    await audit.flush();
  }

  /** Whose call it is; undefined for a key that is unknown, expired, or nobody's any more. */
  use(key: ParsedApiKey): ApiCaller | undefined {
    const caller = this.#rows.use(key, Date.now());
    const person = caller && this.#parts.people.find(caller.speaker.personId);
    return person && { ...caller, speaker: speakerOf(person) };
  }
}
