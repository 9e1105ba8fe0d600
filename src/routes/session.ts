/** A conversation's object as routes call it. */
import type { SessionKey } from "../core/ids.ts";
import type { Moved, SessionCalls } from "../core/session-protocol.ts";
import { callSession as call } from "../do/session-client.ts";
import type { Env } from "../env.ts";

/** Follows a linked conversation to where it goes on. */
export async function callSession<Value>(
  env: Env,
  key: SessionKey,
  ask: (session: SessionCalls) => Promise<Value | Moved>,
): Promise<Exclude<Value, Moved>> {
  return (await call(env, key, ask)).result;
}
