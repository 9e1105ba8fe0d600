/** What becomes of a command when nobody reads its output any more: a pipe that was closed, a terminal that is gone. */
import { EXIT, systemCode } from "./host-error.ts";

const streams = [process.stdout, process.stderr];

/** The usual way: a command ends with its reader (`rockpool logs -f | head`), which is no failure. */
export function endWithReader(): void {
  for (const stream of streams)
    stream.on("error", (error) => {
      process.exit(systemCode(error) === "EPIPE" ? EXIT.ok : EXIT.io);
    });
}

/** A server goes on: it has a log. */
export function outliveReader(): void {
  for (const stream of streams) stream.removeAllListeners("error").on("error", () => {});
}
