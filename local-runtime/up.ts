/** Entry of `rockpool up` where it is bundled: the program that stays has nothing of the other commands in memory. */
import { UP } from "./command.ts";
import { runCommandLine } from "./command-line.ts";
import { endWithReader } from "./lost-output.ts";
import { projectRoot } from "./programs.ts";

endWithReader();
process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  root: projectRoot,
  commands: { up: UP },
});
