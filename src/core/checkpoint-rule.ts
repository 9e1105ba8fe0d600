/** When the owner is sent how the audit log ends: never, once a day, or with every so many entries. Pure. */

export type CheckpointRule = "off" | "daily" | number;

const MIN_ENTRIES = 10;
const MAX_ENTRIES = 100_000;

/** Throws an Error that says what is expected. */
export function parseCheckpointRule(text: string): CheckpointRule {
  if (text === "off" || text === "daily") return text;
  const entries = Number(text);
  if (/^\d{1,6}$/.test(text) && entries >= MIN_ENTRIES && entries <= MAX_ENTRIES) return entries;
  throw new Error(
    `off, daily or a number of entries from ${MIN_ENTRIES} to ${MAX_ENTRIES} is expected`,
  );
}
