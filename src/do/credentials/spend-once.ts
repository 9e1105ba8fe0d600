/** What vouches for itself is answered once: it is kept, as a hash, from its answer to its end. */

/** False where it was answered before. */
export function spendOnce(
  sql: SqlStorage,
  hash: string,
  expiresAtMs: number,
  nowMs: number,
): boolean {
  sql.exec("DELETE FROM used_challenges WHERE expires_at_ms <= ?", nowMs);
  const added = sql.exec(
    "INSERT OR IGNORE INTO used_challenges (hash, expires_at_ms) VALUES (?, ?) RETURNING hash",
    hash,
    expiresAtMs,
  );
  return added.toArray().length > 0;
}
