/**
 * Turns the words of a command line into one command's run and an exit status. Only the module of the called command is
 * loaded. A wrong argument ends with 64 and one clear line; a failure with what is wrong and what to do.
 */
import { Command, CommanderError } from "commander";
import { type ErrorCode, errorSpec, isAppError } from "../src/core/errors.ts";
import type { Commands } from "./command.ts";
import { EXIT, HostError, SEE_HELP, usageError } from "./host-error.ts";
import { createShell, type Shell } from "./shell.ts";

export interface CommandLine {
  /** The words after the program's name. */
  words: readonly string[];
  root: string;
  commands: Commands;
}

/** Answers the exit status. */
export async function runCommandLine({ words, root, commands }: CommandLine): Promise<number> {
  const shell = createShell({ root, json: wantsJson(words) });
  try {
    const program = await buildProgram(shell, words, commands);
    if (words.every((word) => word === "--json")) program.help();
    await program.parseAsync([...words], { from: "user" });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    return report(shell, error);
  }
}

function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).includes("--json");
}

async function buildProgram(
  shell: Shell,
  words: readonly string[],
  commands: Commands,
): Promise<Command> {
  const program = new Command("rockpool")
    .description("A private AI assistant on your own box.")
    .option("--json", "answer in JSON on standard output")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError()
    .exitOverride();
  const called = words.find((word) => Object.hasOwn(commands, word));
  for (const [name, entry] of Object.entries(commands)) {
    const command = program.command(name).summary(entry.summary).description(entry.summary);
    if (name !== called) continue;
    const module = await entry.load();
    module.defineCommand(command, shell);
  }
  return program;
}

function report(shell: Shell, error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const failure = toHostError(error);
  const { code, message, fix } = failure;
  if (shell.json) shell.printJson({ error: { code, message, fix } });
  else shell.note(`${sentence(message)} ${sentence(fix)}`);
  return failure.exitStatus;
}

function toHostError(error: unknown): HostError {
  if (error instanceof HostError) return error;
  if (error instanceof CommanderError) return fromCommander(error);
  if (isAppError(error)) {
    const code: ErrorCode = error.code;
    return new HostError({ code, message: error.message, fix: errorSpec(code).fix });
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new HostError({
    code: "host/internal",
    message: `This should not happen: ${text}`,
    fix: "Report it with the lines above and what `npx rockpool doctor` says.",
    exitStatus: EXIT.software,
  });
}

function fromCommander(error: CommanderError): HostError {
  const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return usageError(`${message.charAt(0).toUpperCase()}${message.slice(1)}`, SEE_HELP);
}

function sentence(text: string): string {
  return /[.!?:)`]$/.test(text) ? text : `${text}.`;
}
