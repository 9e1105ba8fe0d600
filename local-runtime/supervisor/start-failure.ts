/** Says in words for people why workerd did not start, from what it wrote to standard error. */
import { EXIT, HostError } from "../host-error.ts";

/** Lines of workerd's own words that go into an error. */
const MAX_QUOTED_LINES = 3;

export function explainStartFailure(stderr: string): HostError {
  if (/No space left on device|disk is full/i.test(stderr))
    return new HostError({
      code: "data/disk_full",
      message: "The disk of the data folder is full.",
      fix: "Free some space (df -h shows how much is left), then start again. Nothing stored is lost.",
      exitStatus: EXIT.cannotCreate,
    });
  const lines = stderr.trim().split("\n").slice(0, MAX_QUOTED_LINES).join(" / ");
  return new HostError({
    code: "workerd/start_failed",
    message: `workerd did not start: ${lines || "it said nothing"}.`,
    fix: "Run `npx rockpool doctor`; if it finds nothing, report the line above.",
    exitStatus: EXIT.software,
  });
}
