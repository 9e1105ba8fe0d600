/** Whether each value that is gone belonged to a person whom the log says was erased. */
import type { AuditEntry } from "../../src/core/audit-record.ts";

interface Place {
  line: number;
  seq: number;
}

export class ErasureCheck {
  /** Values that are gone. */
  values = 0;
  /** The first place of each person; null stands for nobody. */
  readonly #gone = new Map<string | null, Place>();
  readonly #erased = new Set<string>();

  note(entry: AuditEntry, line: number): void {
    const { user_id: userId, subject_id: subjectId, seq } = entry;
    if (entry.action_type === "person.erased" && subjectId !== null) this.#erased.add(subjectId);
    if (entry.ip_commitment !== null && entry.ip_address === null)
      this.#miss(userId, { line, seq });
    if (entry.personal_commitment !== null && entry.personal === null)
      this.#miss(subjectId ?? userId, { line, seq });
  }

  #miss(person: string | null, place: Place): void {
    this.values += 1;
    if (!this.#gone.has(person)) this.#gone.set(person, place);
  }

  unexplained(): Place[] {
    return [...this.#gone]
      .filter(([person]) => person === null || !this.#erased.has(person))
      .map(([, place]) => place);
  }
}
