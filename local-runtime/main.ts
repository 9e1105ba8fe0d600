/** Entry of the `rockpool` command. */
import { COMMANDS } from "./command.ts";
import { runCommandLine } from "./command-line.ts";
import { endWithReader } from "./lost-output.ts";
import { projectRoot } from "./programs.ts";

endWithReader();
process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  root: projectRoot,
  commands: COMMANDS,
});
