/** `rockpool flow test`: dialogue flows from files, rehearsed without a server. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type Rehearsed, rehearse } from "../../src/flows/script.ts";
import { defineGroup } from "../command-group.ts";
import { loadFlow, loadScript, scriptPathOf } from "../flow-file.ts";
import { EXIT, usageError } from "../host-error.ts";
import { argumentPath, type Shell } from "../shell.ts";

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("test")
    .description(
      "Check a flow's file, and rehearse the dialogues of its script. Needs no server. Exit status 1 where one goes otherwise.",
    )
    .argument("<file>", "the flow, as YAML")
    .option("--script <file>", "its dialogues; by default <file> with .script.yaml at its end")
    .action((file: string, flags: { script?: string }) => runTest(shell, file, flags.script));
}

function runTest(shell: Shell, file: string, given: string | undefined): void {
  const path = argumentPath(shell, file);
  const flow = loadFlow(path);
  const scriptPath = given === undefined ? scriptPathOf(path) : argumentPath(shell, given);
  if (given === undefined && !existsSync(scriptPath))
    throw usageError(
      `The flow is of the right form, but there is no script ${scriptPath}.`,
      "Write one (docs/flows.md shows how), or name it with --script.",
    );
  const rehearsed = rehearse(flow, loadScript(scriptPath));
  for (const { name, problem } of rehearsed)
    shell.print(problem === undefined ? `ok    ${name}` : `fail  ${name}\n      ${problem}`);
  shell.printJson({ flow: flow.flow, dialogues: rehearsed.map(toJson) });
  if (rehearsed.some(({ problem }) => problem !== undefined)) process.exitCode = EXIT.failure;
}

function toJson({ name, problem }: Rehearsed) {
  return { name, ok: problem === undefined, ...(problem === undefined ? {} : { problem }) };
}
