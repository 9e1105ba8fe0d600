/**
 * Seals a conversation's old rows anew while nothing waits: where the vault has found some in the log, and by itself
 * when it is awake and keys have become old since it last did. Changed messages are logged again at the end.
 */
import { resealAll } from "../vault/reseal.ts";
import { sessionColumns } from "../vault/sealed-columns.ts";
import type { SessionParts } from "./session-parts.ts";

/** After each batch: whoever writes meanwhile is not kept waiting. */
const REST_MS = 250;
/** Data keys count from here: below it there is none. */
const FIRST_DATA_KEY = 1;

/** Undefined while messages wait: they come first. */
export function resealDueAtMs({ meta, inbox, keyring }: SessionParts): number | undefined {
  const isOld = keyring.knownStaleBelow > (meta.get("resealedBelow") ?? FIRST_DATA_KEY);
  if (!isOld && !meta.get("reseal")) return undefined;
  const waiting = inbox.queued("turn") + inbox.queued("dialogue") + inbox.queued("command");
  return waiting === 0 ? 0 : undefined;
}

/**
 * What a message leaves behind is done later; what a crash leaves behind is found again, in the log by the vault. Throws
 * what opening throws.
 */
export async function workReseal(parts: SessionParts): Promise<void> {
  const { sql, keyring, key, meta } = parts;
  const staleBelow = await keyring.staleBelow();
  const { isWhole, tables } = await resealAll(sql, keyring, sessionColumns(key), async () => {
    await scheduler.wait(REST_MS);
    return resealDueAtMs(parts) !== undefined;
  });
  const isToLog = meta.get("reseal") || tables.has("messages");
  if (!isWhole) {
    if (isToLog) meta.set("reseal", true);
    return;
  }
  parts.commit(() => {
    if (isToLog) {
      meta.set("reseal", false);
      parts.journal.logAgain();
    }
    meta.set("resealedBelow", staleBelow);
  });
}
