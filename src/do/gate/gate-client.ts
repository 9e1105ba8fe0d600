/** The gate of one model server, as its client asks it. No call of it is waited for without bound. */
import { AppError } from "../../core/errors.ts";
import { type GateCalls, MAX_HOLD_MS } from "../../core/gate-protocol.ts";
import type { Env } from "../../env.ts";
import { limitTime } from "../time-limit.ts";
import { nearDesk } from "./near-desks.ts";

/** For a call that only looks and counts. */
const CALL_MS = 5_000;

function isLate(): AppError {
  return new AppError("model/busy", { detail: "The gate of the model server did not answer." });
}

/**
 * `server` names the model server. What is given back belongs to the request that asked for it. Where nobody waits, the
 * desk answers without a call of its object.
 */
export function openGate(env: Env, server: string): GateCalls {
  // The stub answers the same calls; its own types unfold into unions that no caller can name.
  const open = () => env.GATE.getByName(server) as unknown as GateCalls;
  return {
    acquire: async (ticket, slots, holdMs) =>
      nearDesk(server)?.acquireAtOnce(ticket, slots) ??
      limitTime(open().acquire(ticket, slots, holdMs), MAX_HOLD_MS + CALL_MS, isLate),
    renew: (ticket) => limitTime(open().renew(ticket), CALL_MS, isLate),
    release: async (id, busyMs) => {
      if (nearDesk(server)?.releaseAtOnce(id, busyMs)) return;
      await limitTime(open().release(id, busyMs), CALL_MS, isLate);
    },
    state: () => limitTime(open().state(), CALL_MS, isLate),
  };
}
