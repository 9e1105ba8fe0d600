/**
 * A conversation's object, found by its key. One that was linked elsewhere answers `moved`: that is followed, and
 * remembered in the isolate once nothing that it accepted can come again, so that a linked conversation costs no second
 * call. A stale memory is harmless: the object there says so itself.
 */
import { AppError } from "../../core/errors.ts";
import type { SessionKey } from "../../core/ids.ts";
import type { Moved, SessionCalls } from "../../core/session-protocol.ts";
import type { Env } from "../../env.ts";

/** A conversation linked to one that was linked itself is followed this often. */
const MAX_HOPS = 4;
const MAX_REMEMBERED = 10_000;

const movedTo = new Map<SessionKey, SessionKey>();

function isMoved(value: unknown): value is Moved {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    value.status === "moved" &&
    "to" in value
  );
}

/** The result, and the key of the object that gave it. Errors of the call come through as they are. */
export async function callSession<Value>(
  env: Env,
  key: SessionKey,
  call: (object: SessionCalls, session: SessionKey) => Promise<Value | Moved>,
): Promise<{ session: SessionKey; result: Exclude<Value, Moved> }> {
  let session = movedTo.get(key) ?? key;
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    // The stub answers the same calls; its own types unfold into unions that no caller can name.
    const stub = env.SESSION.getByName(session) as unknown as SessionCalls;
    const result = await call(stub, session);
    if (!isMoved(result)) return { session, result: result as Exclude<Value, Moved> }; // the guard's other branch
    session = result.to;
    if (!result.isSettled) continue;
    if (movedTo.size >= MAX_REMEMBERED) movedTo.clear();
    movedTo.set(key, session);
  }
  throw new AppError("session/unavailable", { detail: "The conversation was linked too often." });
}
