/**
 * Signed-in devices: of each one whose it is, and hashes of the tokens that renew it. Synchronous SQL: callers put
 * several calls into one transaction.
 */
import type { PersonId } from "../../core/ids.ts";
import type { DeviceSession, DeviceSummary, SignInMethod } from "../../core/sign-in-protocol.ts";
import { DEVICE_IDLE_MS, type RenewalState } from "../../security/refresh-token.ts";

/** Devices of one person; a new one beyond ends the one that was not seen for longest. */
export const MAX_DEVICES = 20;

interface StoredDevice extends Record<string, SqlStorageValue> {
  id: string;
  person_id: string;
  home_id: string;
  name: string;
  method: string;
  device_hash: string;
  live: string;
  previous: string;
  signed_in_at_ms: number;
  renewed_at_ms: number;
  expires_at_ms: number;
}

export interface NewDevice {
  id: string;
  personId: PersonId;
  name: string;
  method: SignInMethod;
  deviceHash: string;
  tokenHash: string;
  /** The hash that the device showed before. */
  replacesHash?: string;
}

export interface KnownDevice extends RenewalState {
  id: string;
  personId: PersonId;
  signedInAtMs: number;
}

export class Devices {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Answers the ids of sessions that ended thereby. */
  add(device: NewDevice, nowMs: number): string[] {
    const ended = this.#delete(
      "device_hash = ? OR expires_at_ms <= ?",
      device.replacesHash ?? device.deviceHash,
      nowMs,
    );
    this.#sql.exec(
      "INSERT INTO devices (id, person_id, home_id, name, method, device_hash, live, previous, signed_in_at_ms, renewed_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, ?)",
      device.id,
      device.personId,
      device.personId,
      device.name,
      device.method,
      device.deviceHash,
      JSON.stringify([device.tokenHash]),
      nowMs,
      nowMs,
      nowMs + DEVICE_IDLE_MS,
    );
    const crowded = this.#delete(
      "id IN (SELECT id FROM devices WHERE person_id = ? AND id <> ? ORDER BY renewed_at_ms DESC, signed_in_at_ms DESC, id LIMIT -1 OFFSET ?)",
      device.personId,
      device.id,
      MAX_DEVICES - 1,
    );
    return [...ended, ...crowded];
  }

  find(id: string): KnownDevice | undefined {
    const [row] = this.#sql.exec<StoredDevice>("SELECT * FROM devices WHERE id = ?", id).toArray();
    return row && toDevice(row);
  }

  session(id: string, nowMs: number): DeviceSession | undefined {
    const [row] = this.#sql
      .exec<StoredDevice>("SELECT * FROM devices WHERE id = ? AND expires_at_ms > ?", id, nowMs)
      .toArray();
    return (
      row && {
        personId: row.person_id as PersonId, // stored by add(), like the one below
        homeId: row.home_id as PersonId,
        issuedAtMs: row.renewed_at_ms,
      }
    );
  }

  /** Who is signed in on the device of this hash. */
  personOn(deviceHash: string, nowMs: number): PersonId | undefined {
    const [row] = this.#sql
      .exec<{ person_id: string }>(
        "SELECT person_id FROM devices WHERE device_hash = ? AND expires_at_ms > ?",
        deviceHash,
        nowMs,
      )
      .toArray();
    return row && (row.person_id as PersonId); // stored by add()
  }

  /** A new token in place of all, or, where its use is repeated, beside them. */
  renew(device: KnownDevice, tokenHash: string, isRepeat: boolean, nowMs: number): void {
    const live = isRepeat ? [...device.live, tokenHash] : [tokenHash];
    const previous = isRepeat ? device.previous : device.live;
    this.#sql.exec(
      "UPDATE devices SET live = ?, previous = ?, renewed_at_ms = ?, expires_at_ms = ? WHERE id = ?",
      JSON.stringify(live),
      JSON.stringify(previous),
      isRepeat ? device.renewedAtMs : nowMs,
      nowMs + DEVICE_IDLE_MS,
      device.id,
    );
  }

  end(id: string): void {
    this.#delete("id = ?", id);
  }

  /** Answers the ids of those that ended: all of the person's, one of them, or all but one. */
  endOf(personId: PersonId, which: { only?: string; but?: string } = {}): string[] {
    return this.#delete(
      "person_id = ? AND (? IS NULL OR id = ?) AND (? IS NULL OR id <> ?)",
      personId,
      which.only ?? null,
      which.only ?? null,
      which.but ?? null,
      which.but ?? null,
    );
  }

  /** The one that asks first, then the last seen first. */
  list(personId: PersonId, thisId: string | undefined, nowMs: number): DeviceSummary[] {
    return this.#sql
      .exec<StoredDevice>(
        "SELECT * FROM devices WHERE person_id = ? AND expires_at_ms > ? ORDER BY id IS NOT ?, renewed_at_ms DESC, signed_in_at_ms DESC, id",
        personId,
        nowMs,
        thisId ?? null,
      )
      .toArray()
      .map((row) => ({
        id: row.id,
        name: row.name,
        method: row.method as SignInMethod, // stored by add()
        signedInAtMs: row.signed_in_at_ms,
        lastSeenAtMs: row.renewed_at_ms,
        isThis: row.id === thisId,
      }));
  }

  /** The devices of one person are another's from now on: the two turned out to be one. */
  follow(from: PersonId, into: PersonId): void {
    this.#sql.exec("UPDATE devices SET person_id = ? WHERE person_id = ?", into, from);
  }

  #delete(condition: string, ...values: SqlStorageValue[]): string[] {
    return this.#sql
      .exec<{ id: string }>(`DELETE FROM devices WHERE ${condition} RETURNING id`, ...values)
      .toArray()
      .map(({ id }) => id);
  }
}

/** As add() and renew() stored it. */
function toDevice(row: StoredDevice): KnownDevice {
  return {
    id: row.id,
    personId: row.person_id as PersonId,
    deviceHash: row.device_hash,
    live: JSON.parse(row.live) as string[],
    previous: JSON.parse(row.previous) as string[],
    signedInAtMs: row.signed_in_at_ms,
    renewedAtMs: row.renewed_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
