/** How much work something is: what other programs do on the machine meanwhile does not count. */

/** Milliseconds of the processor that this process takes for `run`. */
export function cpuMsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
