/** Entry of the `rockpool` command. */
import { dirname } from "node:path";
import { runCommandLine } from "./command-line.ts";
import { endWithReader } from "./lost-output.ts";

endWithReader();
process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  root: dirname(import.meta.dirname),
});
