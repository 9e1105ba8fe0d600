/** 200 conversations of 20 people that want four slots of a model server, all the time, and now and then an urgent call. */
import type { Bench } from "../bench.ts";
import { atLeast, atMost, type Figure } from "../figures.ts";
import type { GateRun } from "../gate-run.ts";
import type { Plan } from "../plan.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";

/** Jain's index: 1 where all have the same, 1/n where one has everything. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

export async function measureGate(bench: Bench, plan: Plan): Promise<Figure[]> {
  const box = await bench.startGatePlayer();
  try {
    const response = await fetch(`${box.url}/?seconds=${plan.gateSeconds}`);
    if (response.status !== 200) throw new WrongMeasurement(`The gate: status ${response.status}`);
    return describe((await response.json()) as GateRun); // the bench's own Worker answers
  } finally {
    await box.stop();
  }
}

function describe(run: GateRun): Figure[] {
  const starved = run.grants.filter((grants) => grants === 0).length;
  const urgentMs = Math.max(...run.urgentWaitsMs);
  const what = `${run.grants.length} conversations of ${run.peopleMs.length} people on four slots`;
  return [
    {
      what: "a free slot of the gate: taken and given back",
      value: run.plainMs,
      unit: "ms",
      target: atMost("value", 1),
    },
    {
      what: `${what}: fairness (Jain) of the time each person had`,
      value: fairness(run.peopleMs),
      unit: "",
      target: atLeast("value", 0.95),
    },
    {
      what: `${what}: conversations that had none`,
      value: starved,
      unit: "",
      target: atMost("value", 0),
    },
    {
      what: `${what}: longest wait of an urgent call (to the longest slot time)`,
      value: urgentMs,
      unit: "ms",
      ratio: urgentMs / run.mostSlotMs,
      target: atMost("ratio", 1),
    },
  ];
}
