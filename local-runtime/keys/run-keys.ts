/** The master key during one `rockpool up`: handed to each run of workerd, and a move that was cut off brought to its end. */
import { callAdmin } from "../admin/admin-client.ts";
import { KeyStatusSchema } from "../admin/admin-client-replies.ts";
import type { Shell } from "../shell.ts";
import type { MasterKeyFiles } from "../supervisor/run-files.ts";
import { KeyHandover } from "./key-handover.ts";
import { type KeyedFolder, presentKeys } from "./master-key.ts";
import { loadNextKey } from "./next-key.ts";
import { settleNextKey } from "./settle-key.ts";

export class RunKeys {
  readonly #folder: KeyedFolder;
  /** Kept for as long as the server runs: what is wrapped by it may have to be opened at a restart. */
  readonly #known: Buffer;
  readonly #handover = new KeyHandover();

  constructor(folder: KeyedFolder, known: Buffer) {
    this.#folder = folder;
    this.#known = known;
  }

  /** For the next run of workerd. A key that lies in its file is read from there; nothing else is on a disk. */
  files(): MasterKeyFiles {
    const { heldKey, masterKey } = this.#folder;
    const keys = presentKeys(this.#folder, this.#known);
    if (!heldKey && keys.length === 1 && !loadNextKey(this.#folder)) return { present: masterKey };
    const [present = masterKey, next] = this.#handover.lend(keys);
    return { present, next };
  }

  /** Asks a server that has just begun whether a move was done when it was cut off. */
  async settle(adminSocket: string, shell: Pick<Shell, "note">): Promise<void> {
    if (!loadNextKey(this.#folder)) return;
    try {
      const { masterId } = await callAdmin(adminSocket, {
        method: "GET",
        path: "/keys",
        reply: KeyStatusSchema,
      });
      const settled = settleNextKey(this.#folder, this.#known, masterId);
      if (settled === "moved") shell.note("the move to a new master key is done");
      if (settled === "discarded")
        shell.note("a move to a new master key had not begun: the old one stays");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      shell.note(`the move to a new master key is not finished yet: ${reason}`);
    }
  }

  close(): void {
    this.#handover.close();
    this.#known.fill(0);
  }
}
