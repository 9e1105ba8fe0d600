/**
 * GateObject: one for each model server, owner of its slots. It keeps nothing on disk: a lease that dies with the
 * process needs no table (ADR 0008).
 */
import { DurableObject } from "cloudflare:workers";
import type { Acquired, GateCalls, GateState, Ticket } from "../../core/gate-protocol.ts";
import type { Env } from "../../env.ts";
import { GateDesk } from "../../gate/gate-desk.ts";
import { emit } from "../../observability/emit.ts";
import { type NearDesk, putNearDesk } from "./near-desks.ts";

export class GateObject extends DurableObject<Env> implements GateCalls {
  readonly #near: NearDesk = { desk: new GateDesk(emit), calledAtMs: 0 };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (ctx.id.name !== undefined) putNearDesk(ctx.id.name, this.#near);
  }

  acquire(ticket: Ticket, slots: number, holdMs: number): Promise<Acquired> {
    return this.#desk().acquire(ticket, slots, holdMs);
  }

  renew(ticket: Ticket): Promise<void> {
    return this.#desk().renew(ticket);
  }

  release(id: string, busyMs: number): Promise<void> {
    return this.#desk().release(id, busyMs);
  }

  state(): Promise<GateState> {
    return this.#desk().state();
  }

  #desk(): GateDesk {
    this.#near.calledAtMs = Date.now();
    return this.#near.desk;
  }
}
