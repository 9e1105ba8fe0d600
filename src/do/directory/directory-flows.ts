/** Dialogue flows as the directory changes them: with entries of the audit log. */
import type { FlowAdded } from "../../core/admin-protocol.ts";
import { type AuditActor, auditEvent } from "../../core/audit.ts";
import type { Definition } from "../../flows/definition-schema.ts";
import type { DirectoryParts } from "./directory-parts.ts";
import { Flows } from "./flows.ts";

export class DirectoryFlows {
  readonly #parts: DirectoryParts;
  #rows: Flows | undefined;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  async open(): Promise<Flows> {
    if (this.#rows) return this.#rows;
    const rows = await Flows.open(this.#parts.storage.sql, await this.#parts.openKeyring());
    this.#rows ??= rows;
    return this.#rows;
  }

  /** Throws flow/refused. */
  async put(definition: Definition, by: AuditActor): Promise<FlowAdded> {
    const { audit } = this.#parts;
    const added = await (await this.open()).put(definition, Date.now());
    const { name, version } = added.flow;
    if (added.change !== "unchanged")
      audit.add(auditEvent(`flow.${added.change}`, by, { flow: name, version }));
    await audit.flush();
    return added;
  }

  /** Throws flow/unknown. */
  async remove(name: string, by: AuditActor): Promise<void> {
    const { audit } = this.#parts;
    (await this.open()).remove(name);
    audit.add(auditEvent("flow.removed", by, { flow: name }));
    await audit.flush();
  }
}
