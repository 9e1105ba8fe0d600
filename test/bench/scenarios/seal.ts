/** What sealing and opening cost together, for a value of 1 KB. */
import type { Bench } from "../bench.ts";
import { atMost, type Figure } from "../figures.ts";
import { WrongMeasurement } from "../wrong-measurement.ts";

const VALUES = 20_000;

export async function measureSeal(bench: Bench): Promise<Figure[]> {
  const box = await bench.startSealer();
  const time = async (values: number): Promise<number> => {
    const beganMs = performance.now();
    const response = await fetch(`${box.url}/?values=${values}`);
    if (response.status !== 200) throw new WrongMeasurement(`Sealing: status ${response.status}`);
    return performance.now() - beganMs;
  };
  try {
    await time(VALUES / 10); // keys, and code that is warm
    const emptyMs = await time(0);
    const value = ((await time(VALUES)) - emptyMs) / VALUES;
    return [{ what: "1 KB sealed and opened", value, unit: "ms", target: atMost("value", 0.05) }];
  } finally {
    await box.stop();
  }
}
