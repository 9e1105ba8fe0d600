/** The memory and the time zone of the person who speaks, as tools and commands reach them. */
import type { Memory } from "../../core/memory.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { openOptions, openRedactors } from "../isolate.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { conversationOf } from "../session/stored-event.ts";
import type { Work } from "../session/work-head.ts";

export function memoryOf({ parts, request }: Work): Memory {
  const { personId } = request.speaker;
  return {
    remember: (key, text) =>
      openDirectory(parts.env).remember(personId, key, openRedactors(parts.env).stored.mask(text)),
    facts: () => openDirectory(parts.env).facts(personId),
  };
}

/** The person's own zone, or the box's. */
export async function zoneOf({ parts, request }: Work): Promise<string> {
  const own = await openDirectory(parts.env).zone(request.speaker.personId);
  return own ?? openOptions(parts.env).ROCKPOOL_TIME_ZONE;
}

/** As the conversation knows it without a look-up: what its person said here or was known for when tools were opened. */
export function zoneHere({ meta, env }: SessionParts): string {
  return meta.get("zone") ?? openOptions(env).ROCKPOOL_TIME_ZONE;
}

/** In a private conversation; in a group the box's zone is everybody's. */
export function keepZone(work: Work, zone: string): void {
  const isDirect = conversationOf(work.request.event).kind === "direct";
  if (isDirect && zone !== zoneHere(work.parts)) work.parts.meta.set("zone", zone);
}
