/** Where workerd keeps a D1 database: as the SQLite file of one Durable Object whose id follows from the database's name. */
import { createHash, createHmac } from "node:crypto";
import { join } from "node:path";

/** The unique key of D1's object class in the workerd config. */
const D1_UNIQUE_KEY = "d1";
const HALF_ID_BYTES = 16;

export function d1File(objectsDir: string, databaseName: string): string {
  const id = objectIdFromName(D1_UNIQUE_KEY, databaseName);
  return join(objectsDir, D1_UNIQUE_KEY, `${id}.sqlite`);
}

/**
 * What workerd's idFromName gives: the first half is a keyed hash of the name, the second one of the first, so that
 * workerd can tell an id of its own from an invented one.
 */
function objectIdFromName(uniqueKey: string, name: string): string {
  const key = createHash("sha256").update(uniqueKey).digest();
  const half = (data: string | Buffer) =>
    createHmac("sha256", key).update(data).digest().subarray(0, HALF_ID_BYTES);
  const first = half(name);
  return Buffer.concat([first, half(first)]).toString("hex");
}
