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
  starts: number;
  /** Messages in the histories that are compared, least first. */
  historySizes: readonly number[];
  historyTurns: number;
}

export const FULL: Plan = {
  sessions: 200,
  memoryMessages: 10_000,
  acceptRounds: 5,
  plainCalls: 8_000,
  writeCalls: 2_500,
  acceptMessages: 2_500,
  turnChats: 50,
  turnRounds: 4,
  turnMessages: 2_500,
  latencySeconds: 20,
  starts: 7,
  historySizes: [10, 1_000, 100_000],
  historyTurns: 50,
};

export const QUICK: Plan = {
  sessions: 200,
  memoryMessages: 1_000,
  acceptRounds: 2,
  plainCalls: 2_000,
  writeCalls: 800,
  acceptMessages: 800,
  turnChats: 50,
  turnRounds: 2,
  turnMessages: 800,
  latencySeconds: 4,
  starts: 2,
  historySizes: [10, 1_000, 5_000],
  historyTurns: 10,
};
