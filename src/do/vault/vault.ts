/**
 * VaultObject: one for the box. It keeps the wrapped data keys and person keys, in a file of their own that nothing else
 * stands in, makes a new data key each day, and destroys what is to be read no more.
 */
import { DurableObject } from "cloudflare:workers";
import { AppError, errorCode } from "../../core/errors.ts";
import type { PersonId } from "../../core/ids.ts";
import { clearDataKeys, loadDataKeys } from "../../db/data-keys.ts";
import { findOldSessions } from "../../db/sealed-messages.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import {
  createWrappedKey,
  type DataKey,
  openDataKey,
  openNextMaster,
  rewrapKey,
} from "../../security/key-tree.ts";
import { DATA_KEY_MS, type WrappedKey, type WrappedPersonKey } from "../../security/keyring.ts";
import { openAudit } from "../audit/audit-client.ts";
import { openCredentials } from "../credentials/credentials-client.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { openMasters } from "../isolate.ts";
import { type DataKeyRow, type VaultCounts, VaultRows } from "./vault-rows.ts";

/**
 * What is sealed under older data keys is sealed anew when there is time. Keys become old by the month, so that nothing
 * is looked through more often.
 */
export const STALE_MS = 365 * DATA_KEY_MS;
export const STALE_STEP_MS = 30 * DATA_KEY_MS;
/** Person keys wrapped anew at once. */
const REWRAP_ROWS = 200;
const RETRY_MS = 60_000;
/** Conversations that seal their old rows anew at once, and the time after which the next ones do. */
const SWEEP_SESSIONS = 10;
const SWEEP_MS = 30_000;

export interface VaultStatus extends VaultCounts {
  /** Data keys below this one are old. */
  staleBelow: number;
  oldDataKeys: number;
  /** Fingerprint of the master key, where it was changed once. */
  masterId?: string;
}

export class VaultObject extends DurableObject<Env> {
  readonly #rows: VaultRows;
  #isImported = false;
  /** What was wrapped by the master key before one of these is not kept after it. */
  #masterChanges = 0;
  /** The last conversation that the pass of the sweep has reached: one that cannot be sealed anew holds up no other. */
  #sweptThrough = "";

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#rows = new VaultRows(ctx.storage);
  }

  /** Boxes of before have their data keys in D1: they are moved here once, and gone there only when they are here. */
  async #open(): Promise<VaultRows> {
    if (this.#isImported) return this.#rows;
    if (this.#rows.get("imported") === undefined) {
      const found = await loadDataKeys(this.env.DB);
      if (found.length > 0) {
        this.#rows.insertDataKeys(found);
        await this.ctx.storage.sync();
        await clearDataKeys(this.env.DB);
        await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS);
      }
      this.#rows.set("imported", "yes");
    }
    this.#isImported = true;
    return this.#rows;
  }

  async current(): Promise<WrappedKey> {
    const rows = await this.#open();
    const newest = rows.newest();
    const ageMs = Date.now() - (newest?.createdAtMs ?? 0);
    // A clock that was set back far makes a new one, too.
    if (newest && Math.abs(ageMs) < DATA_KEY_MS) return this.#describe(newest);
    return this.#describe(await this.#addDataKey(newest?.id ?? 0));
  }

  /** A new data key, from now on. */
  async rotate(): Promise<WrappedKey> {
    const rows = await this.#open();
    return this.#describe(await this.#addDataKey(rows.newest()?.id ?? 0));
  }

  /** The key after this one, whoever makes it. */
  async #addDataKey(afterId: number): Promise<DataKeyRow> {
    const [master] = await openMasters(this.env);
    const changes = this.#masterChanges;
    if (!master) throw new AppError("crypto/cannot_open");
    await this.#verifyMaster();
    const wrapped = await createWrappedKey(master);
    if (changes !== this.#masterChanges) return this.#addDataKey(afterId);
    this.#rows.insertDataKeys([{ id: afterId + 1, wrapped, createdAtMs: Date.now() }]);
    const newest = this.#rows.newest();
    if (!newest) throw new AppError("crypto/cannot_open", { detail: "No data key could be kept." });
    // Whatever the alarm was set for, a pass that goes on or the one of the day: it is not put off by a new key.
    await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS);
    return newest;
  }

  /** With a wrong master key nothing is added to the old keys. Throws crypto/cannot_open. */
  async #verifyMaster(): Promise<void> {
    const newest = this.#rows.newest();
    if (newest) await this.#openRow(newest);
  }

  async #openRow({ id, wrapped }: DataKeyRow): Promise<DataKey> {
    return openDataKey(id, wrapped, await openMasters(this.env));
  }

  #describe(row: DataKeyRow): WrappedKey {
    return { ...row, staleBelow: this.#staleBelow() };
  }

  #staleBelow(): number {
    const steps = Math.floor((Date.now() - STALE_MS) / STALE_STEP_MS);
    return this.#rows.oldestSince(steps * STALE_STEP_MS) ?? this.#rows.newest()?.id ?? 0;
  }

  async byId(id: number): Promise<WrappedKey | undefined> {
    const row = (await this.#open()).dataKey(id);
    return row && this.#describe(row);
  }

  async personKey(personId: PersonId): Promise<WrappedPersonKey> {
    const rows = await this.#open();
    const known = rows.personKey(rows.resolve(personId));
    if (known) return known;
    const newest = await this.#openRow(await this.current());
    const wrapped = await createWrappedKey(newest.wrapping);
    // Synchronous from here: another call may have made it meanwhile.
    const person = rows.resolve(personId);
    if (!rows.personKey(person)) rows.insertPersonKey(person, newest.id, wrapped, Date.now());
    const made = rows.personKey(person);
    if (!made) throw new AppError("crypto/cannot_open", { detail: "No person key could be kept." });
    return made;
  }

  async personKeyByNumber(number: number): Promise<WrappedPersonKey | "destroyed" | undefined> {
    const rows = await this.#open();
    return rows.wasDestroyed(number) ? "destroyed" : rows.personKeyByNumber(number);
  }

  /** All ids that this person has or had, the one that goes on first. */
  async idsOf(personId: PersonId): Promise<PersonId[]> {
    const rows = await this.#open();
    const root = rows.resolve(personId);
    return [root, ...rows.joinedInto(root)];
  }

  async destroyPersonKey(personId: PersonId): Promise<number[]> {
    const rows = await this.#open();
    const numbers = rows.destroy(rows.resolve(personId), Date.now());
    await this.ctx.storage.sync();
    return numbers;
  }

  async join(from: PersonId, into: PersonId): Promise<void> {
    const rows = await this.#open();
    if (from !== rows.resolve(into)) rows.join(from, rows.resolve(into));
  }

  /** `wrapped` is the new master key, by the present one. All or none of the data keys change. */
  async changeMaster(wrapped: Uint8Array, masterId: string): Promise<"changed" | "wrong_key"> {
    const rows = await this.#open();
    if (rows.get("masterId") === masterId) return "changed";
    const masters = await openMasters(this.env);
    const next = await openNextMaster(wrapped, masters);
    if (!next) return "wrong_key";
    for (;;) {
      const all = rows.allDataKeys();
      const changed = await Promise.all(
        all.map(async (row) => ({
          id: row.id,
          wrapped: await rewrapKey(row.wrapped, masters, next),
        })),
      );
      if (rows.newest()?.id !== all.at(-1)?.id) continue;
      rows.replaceWrapped(changed, masterId);
      this.#masterChanges += 1;
      masters.splice(0, masters.length, next);
      await this.ctx.storage.sync();
      return "changed";
    }
  }

  /** Public key of the audit log, kept apart from the log; undefined where none was noted. */
  auditKey(objectId: string): string | undefined {
    return this.#rows.get(`auditKey.${objectId}`);
  }

  async noteAuditKey(objectId: string, publicKey: string): Promise<void> {
    this.#rows.set(`auditKey.${objectId}`, publicKey);
    await this.ctx.storage.sync();
  }

  async status(): Promise<VaultStatus> {
    const rows = await this.#open();
    const masterId = rows.get("masterId");
    return {
      ...rows.counts(),
      staleBelow: this.#staleBelow(),
      oldDataKeys: rows.countDataKeysBelow(this.#staleBelow()),
      ...(masterId === undefined ? {} : { masterId }),
    };
  }

  /** A new data key each day, and after each new one, soon: then no older one is needed to reach a person key. */
  override async alarm(): Promise<void> {
    try {
      await this.current();
      await this.#rewrapPeople();
      const isOldLeft = await this.#sweep();
      const dueAtMs = (this.#rows.newest()?.createdAtMs ?? Date.now()) + DATA_KEY_MS;
      const nextAtMs = isOldLeft ? Math.min(dueAtMs, Date.now() + SWEEP_MS) : dueAtMs;
      await this.ctx.storage.setAlarm(nextAtMs);
    } catch (error) {
      const cause = describeError(error);
      emit({ type: "fault", where: "vault:alarm", code: errorCode(error), cause });
      await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
    }
  }

  /**
   * Has old rows sealed anew: by the box's own objects, and by some conversations of which the log has such rows, each
   * once in a pass. Answers whether the pass goes on.
   */
  async #sweep(): Promise<boolean> {
    const { env } = this;
    const isWhole = await Promise.all([
      openDirectory(env).reseal(),
      openCredentials(env).reseal(),
      openAudit(env).reseal(),
    ]);
    const after = this.#sweptThrough;
    const found = await findOldSessions(env.DB, this.#staleBelow(), after, SWEEP_SESSIONS);
    for (const key of found) await env.SESSION.getByName(key).reseal();
    const isMore = found.length === SWEEP_SESSIONS;
    this.#sweptThrough = isMore ? (found.at(-1) ?? "") : "";
    return isMore || isWhole.includes(false);
  }

  async #rewrapPeople(): Promise<void> {
    const stored = this.#rows.newest();
    if (!stored) return;
    const newest = await this.#openRow(stored);
    for (;;) {
      const batch = this.#rows.personKeysBefore(newest.id, REWRAP_ROWS);
      if (batch.length === 0) return;
      const wrappers = new Map<number, DataKey>();
      for (const { number, dataKey, wrapped } of batch) {
        const row = this.#rows.dataKey(dataKey);
        if (!row) throw new AppError("crypto/cannot_open", { detail: "The data key is unknown." });
        const old = wrappers.get(dataKey) ?? (await this.#openRow(row));
        wrappers.set(dataKey, old);
        const again = await rewrapKey(wrapped, [old.wrapping], newest.wrapping);
        this.#rows.replacePersonKey({ number, dataKey: newest.id, wrapped: again });
      }
    }
  }
}
