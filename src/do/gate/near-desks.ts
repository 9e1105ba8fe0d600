/**
 * The desks of gates whose objects live in this isolate. What needs no wait and no timer, any request here may ask of
 * them; everything else belongs to the object.
 */
import { RENEW_MS } from "../../core/gate-protocol.ts";
import type { GateDesk } from "../../gate/gate-desk.ts";

/** A gate's object that was not called for so long may live elsewhere by now. */
const NEAR_MS = RENEW_MS;

export interface NearDesk {
  desk: GateDesk;
  /** When its object was called last. */
  calledAtMs: number;
}

/** By name; the newest of each. */
const near = new Map<string, NearDesk>();

export function putNearDesk(server: string, desk: NearDesk): void {
  near.set(server, desk);
}

export function nearDesk(server: string): GateDesk | undefined {
  const found = near.get(server);
  return found && Date.now() - found.calledAtMs < NEAR_MS ? found.desk : undefined;
}
