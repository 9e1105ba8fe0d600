/** The reminders of the person who speaks: set with the transaction that ends the turn or command, so exactly once. */

import { newId, type TurnId } from "../../core/ids.ts";
import { MAX_REMINDERS, type Reminder, type Reminders } from "../../core/memory.ts";
import { openRedactors } from "../isolate.ts";
import { targetOf } from "../session/stored-event.ts";
import type { Work } from "../session/work-head.ts";

/** What is asked for lands in `changes`, for the transaction. */
export function remindersOf(
  { parts, request }: Work,
  zone: string,
  changes: (() => void)[],
): Reminders {
  const { account, event } = request;
  const { personId, lang } = request.speaker;
  let added = 0;
  return {
    async add(text, dueAtMs, repeat) {
      if (parts.reminders.of(personId).length + added >= MAX_REMINDERS) return false;
      added += 1;
      const turnId = newId<TurnId>();
      const again = repeat ? { repeat } : {};
      const kept = openRedactors(parts.env).stored.mask(text);
      const body = { text: kept, target: targetOf(event), lang, zone, ...again };
      const sealed = await parts.reminders.seal(turnId, body, personId);
      changes.push(() => parts.reminders.add({ turnId, personId, account, dueAtMs, sealed }));
      return true;
    },
    async list() {
      return Promise.all(
        parts.reminders.of(personId).map(async (row): Promise<Reminder> => {
          const { text, repeat } = await parts.reminders.open(row);
          const again = repeat ? { repeat } : {};
          return { number: row.number, text, dueAtMs: row.dueAtMs, ...again };
        }),
      );
    },
  };
}
