/**
 * The conversations that hold something of a person: those that the log knows, and of the person's own web chats those
 * in which a file waits that was never sent.
 */
import { encodeSessionKey, type PersonId, type SessionKey } from "../../core/ids.ts";
import { loadPersonSessions } from "../../db/person-sessions.ts";
import type { Env } from "../../env.ts";

export async function findTalks(env: Env, ids: readonly PersonId[]): Promise<SessionKey[]> {
  const logged = (await loadPersonSessions(env.DB, ids)) as SessionKey[]; // the log's names are keys
  const own = ids.map((conversation) =>
    encodeSessionKey({ channel: "web", account: "main", conversation }),
  );
  const unlogged = own.filter((session) => !logged.includes(session));
  const found = await Promise.all(
    unlogged.map(async (session) => {
      const { files } = await env.SESSION.getByName(session).countPerson(ids);
      return files > 0 ? [session] : [];
    }),
  );
  return [...logged, ...found.flat()];
}
