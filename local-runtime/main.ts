/** Entry of the `rockpool` command. */
import { dirname } from "node:path";
import { runCommandLine } from "./command-line.ts";

// A reader that goes away early (`rockpool logs | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 74);
});

process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  root: dirname(import.meta.dirname),
});
