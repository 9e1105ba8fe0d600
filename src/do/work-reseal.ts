/** Seals a conversation's old rows anew while nothing waits, and logs its messages again at the end. */
import { resealAll } from "./reseal.ts";
import { sessionColumns } from "./sealed-columns.ts";
import type { SessionParts } from "./session-parts.ts";

/** After each batch: whoever writes meanwhile is not kept waiting. */
const REST_MS = 250;

/** Undefined while messages wait: they come first. */
export function resealDueAtMs({ meta, inbox }: SessionParts): number | undefined {
  const waiting = inbox.queued("turn") + inbox.queued("dialogue") + inbox.queued("command");
  return meta.get("reseal") && waiting === 0 ? 0 : undefined;
}

/** What a crash or a message leaves behind is found again. Throws what opening throws. */
export async function workReseal(parts: SessionParts): Promise<void> {
  const { sql, keyring, key } = parts;
  const isWhole = await resealAll(sql, keyring, sessionColumns(key), async () => {
    await scheduler.wait(REST_MS);
    return resealDueAtMs(parts) !== undefined;
  });
  if (!isWhole) return;
  parts.commit(() => {
    parts.meta.set("reseal", false);
    parts.journal.logAgain();
  });
}
