/** What the parts of the directory share: its tables, its people, and what each change tells the log and the audit log. */
import type { JournalEntry } from "../../core/journal.ts";
import type { Keyring } from "../../security/keyring.ts";
import type { AuditQueue } from "../audit/audit-queue.ts";
import type { People } from "./people.ts";

export interface DirectoryParts {
  storage: DurableObjectStorage;
  people: People;
  audit: AuditQueue;
  /** Inside the caller's synchronous block: the row and the alarm are one commit with what it describes. */
  log(entry: JournalEntry): void;
  openKeyring(): Promise<Keyring>;
}
