/** How much a run measures: enough for figures that hold, or just enough to see that all of it works. */

export interface Plan {
  /** Conversations of the webhook rounds and of the memory figures. */
  sessions: number;
  /** Messages before the last memory figure. */
  memoryMessages: number;
  acceptRounds: number;
  /** Calls of each kind in a round. */
  plainCalls: number;
  writeCalls: number;
  acceptMessages: number;
  turnChats: number;
  turnRounds: number;
  turnMessages: number;
  latencySeconds: number;
  /** From one model to another; with a call each beside them within what one person may make at once. */
  switches: number;
  /** Pages open at the same time. */
  connections: number;
  /** Calls for the API's first token, all at once within what one person may make; and rounds of its streams. */
  apiCalls: number;
  apiRounds: number;
  starts: number;
  /** Messages in the histories that are compared, least first. */
  historySizes: readonly number[];
  historyTurns: number;
  /** How long people stand in line at the gate. */
  gateSeconds: number;
  /** To the audit log, one after the other. */
  auditAppends: number;
  /** Of the audit log that is verified. */
  auditEntries: number;
  /** Of the person who is erased: half of them on each of two channels. */
  erasedMessages: number;
  leakDays: number;
  /** Of each day; enough chats that nobody writes faster than one may. */
  leakTurns: number;
  leakChats: number;
}

/** Some four and a half minutes on two quiet processors. */
export const FULL: Plan = {
  sessions: 200,
  memoryMessages: 10_000,
  acceptRounds: 4,
  plainCalls: 4_000,
  writeCalls: 1_500,
  acceptMessages: 1_500,
  turnChats: 50,
  turnRounds: 3,
  turnMessages: 1_500,
  latencySeconds: 20,
  switches: 120,
  connections: 10_000,
  apiCalls: 200,
  apiRounds: 2,
  starts: 7,
  historySizes: [10, 1_000, 100_000],
  historyTurns: 50,
  gateSeconds: 15,
  auditAppends: 2_000,
  auditEntries: 50_000,
  erasedMessages: 10_000,
  leakDays: 10,
  leakTurns: 5_000,
  leakChats: 20,
};

/** Well below a minute. */
export const QUICK: Plan = {
  sessions: 50,
  memoryMessages: 500,
  acceptRounds: 1,
  plainCalls: 1_000,
  writeCalls: 400,
  acceptMessages: 400,
  turnChats: 50,
  turnRounds: 1,
  turnMessages: 400,
  latencySeconds: 3,
  switches: 40,
  connections: 320,
  apiCalls: 50,
  apiRounds: 1,
  starts: 2,
  historySizes: [10, 1_000, 5_000],
  historyTurns: 10,
  gateSeconds: 6,
  auditAppends: 300,
  auditEntries: 10_000,
  erasedMessages: 1_000,
  leakDays: 2,
  leakTurns: 1_000,
  leakChats: 20,
};
