/** The wrapped data keys in D1. */
import { desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { KeyStore, WrappedKey } from "../security/keyring.ts";
import { dataKeys } from "./schema.ts";

export function createKeyStore(binding: D1Database): KeyStore {
  const db = drizzle(binding);
  const toKey = (row: typeof dataKeys.$inferSelect | undefined): WrappedKey | undefined =>
    row && { ...row, wrapped: Uint8Array.fromBase64(row.wrapped) };
  return {
    async newest() {
      return toKey(await db.select().from(dataKeys).orderBy(desc(dataKeys.id)).limit(1).get());
    },
    async byId(id) {
      return toKey(await db.select().from(dataKeys).where(eq(dataKeys.id, id)).get());
    },
    async insert(key) {
      const row = { ...key, wrapped: key.wrapped.toBase64() };
      await db.insert(dataKeys).values(row).onConflictDoNothing();
    },
  };
}
