/** A command that only holds other commands: alone it shows their list, and names a word that is none of them. */
import type { Command } from "commander";
import { SEE_HELP, usageError } from "./host-error.ts";

export function defineGroup(command: Command): void {
  // An option behind a word that is none of them is not what is wrong.
  command
    .allowExcessArguments()
    .allowUnknownOption()
    .action(() => {
      const [word] = command.args;
      if (word === undefined) return command.help();
      if (word.startsWith("-")) throw usageError(`Unknown option '${word}'.`, SEE_HELP);
      const names = command.commands.map((item) => item.name()).join(", ");
      throw usageError(
        `There is no command \`${command.name()} ${word}\`.`,
        `There are: ${names}. See --help after each.`,
      );
    });
}
