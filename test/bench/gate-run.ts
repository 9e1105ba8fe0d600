/** What gate.worker.ts saw of people in line, for scenarios/gate.ts: one runs in workerd, the other in Node. */

export interface GateRun {
  /** Slot time of each person, in milliseconds. */
  peopleMs: number[];
  /** Slots of each conversation. */
  grants: number[];
  urgentWaitsMs: number[];
  mostSlotMs: number;
  /** Of an acquire and a release together, where a slot is free. */
  plainMs: number;
}
