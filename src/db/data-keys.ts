/** Data keys in D1, where boxes kept them before they had an object of their own for keys. */
import { asc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { dataKeys } from "./schema.ts";

export interface LegacyDataKey {
  id: number;
  wrapped: Uint8Array;
  createdAtMs: number;
}

export async function loadDataKeys(binding: D1Database): Promise<LegacyDataKey[]> {
  const rows = await drizzle(binding).select().from(dataKeys).orderBy(asc(dataKeys.id));
  return rows.map((row) => ({ ...row, wrapped: Uint8Array.fromBase64(row.wrapped) }));
}

export async function clearDataKeys(binding: D1Database): Promise<void> {
  await drizzle(binding).delete(dataKeys);
}
