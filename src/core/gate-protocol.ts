/** What the client of a model server asks of the server's GateObject. Plain, serialisable values: they cross an object call. */
import type { Priority } from "./ports.ts";
import type { QueuePlace } from "./stream.ts";

export interface Ticket {
  /**
   * Names one piece of work at the gate. Who comes back with the same id keeps its place in line; one whose call has
   * just ended goes on before others of its priority.
   */
  id: string;
  personId: string;
  priority: Priority;
}

export type Acquired =
  /** The slot is held until it is released, or not renewed for LEASE_MS. */
  | { status: "granted" }
  | ({ status: "waiting" } & QueuePlace)
  /** The line is full: nothing is remembered of the ticket. */
  | { status: "full"; retryAfterMs: number }
  /** Released, or asked for again elsewhere, while it waited. */
  | { status: "left" };

export interface GateState {
  slots: number;
  /** Held, or not yet done with a call that was cut off. */
  busy: number;
  waiting: number;
}

/** The calls of a GateObject. */
export interface GateCalls {
  /** Joins the line, or asks again, and answers when there is a slot, at the latest after `holdMs` ≤ MAX_HOLD_MS. */
  acquire(ticket: Ticket, slots: number, holdMs: number): Promise<Acquired>;
  /** A lease that is unknown here (the gate began anew) is taken on. */
  renew(ticket: Ticket): Promise<void>;
  /** Gives the slot or the place in line back; `busyMs` is how long the server still works on what was cut off. */
  release(id: string, busyMs: number): Promise<void>;
  state(): Promise<GateState>;
}

/** A lease that is not renewed ends after this time: whoever held it has crashed. */
export const LEASE_MS = 15_000;
/** Also keeps the object in memory, where the runtime lets idle ones go after ten seconds. */
export const RENEW_MS = 5_000;
/** Longest that one `acquire` stays open. */
export const MAX_HOLD_MS = 5_000;
