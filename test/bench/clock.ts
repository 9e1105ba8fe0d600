/** One clock for all processes of the bench: the machine's monotonic one, whose zero they share. */

const NS_PER_MS = 1e6;

export function clockMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}
