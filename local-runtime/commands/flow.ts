/**
 * `rockpool flow add|list|show|remove|test`: the dialogue flows of this box. `test` rehearses a file without a server.
 * `waiting|reply|done`: the people whom flows handed over to a person.
 */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import * as v from "valibot";
import type { FlowSummary } from "../../src/core/admin-protocol.ts";
import { NAME_PATTERN } from "../../src/core/ids.ts";
import { type Rehearsed, rehearse } from "../../src/flows/script.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { FlowAddedSchema, FlowShownSchema, FlowsSchema } from "../admin/admin-client-replies.ts";
import { renderTable } from "../channel-text.ts";
import { defineGroup } from "../command-group.ts";
import { endHandover, listWaiting, sendAnswer } from "../flow-desk.ts";
import { loadFlow, loadScript, renderYaml, scriptPathOf } from "../flow-file.ts";
import { EXIT, usageError } from "../host-error.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("add")
    .description(
      "Add a flow, or change the one of its name. Dialogues that run go on with the version they began with.",
    )
    .argument("<file>", "the flow, as YAML")
    .action((file: string) => runAdd(shell, file));
  command
    .command("list")
    .description("List the flows.")
    .action(() => runList(shell));
  command
    .command("show")
    .description("Show a flow, as YAML.")
    .argument("<name>")
    .action((name: string) => runShow(shell, name));
  command
    .command("remove")
    .description("Remove a flow. Dialogues that run go on to their end.")
    .argument("<name>")
    .action((name: string) => runRemove(shell, name));
  command
    .command("test")
    .description(
      "Check a flow's file, and rehearse the dialogues of its script. Needs no server. Exit status 1 where one goes otherwise.",
    )
    .argument("<file>", "the flow, as YAML")
    .option("--script <file>", "its dialogues; by default <file> with .script.yaml at its end")
    .action((file: string, flags: { script?: string }) => runTest(shell, file, flags.script));
  command
    .command("waiting")
    .description("List who was handed over to a person, and waits for an answer.")
    .action(() => listWaiting(shell));
  command
    .command("reply")
    .description("Answer somebody who waits. What comes next is told in your web chat.")
    .argument("<number>", "as `waiting` lists it")
    .argument("[text...]", "what to say; standard input when not given")
    .action((number: string, words: string[]) => sendAnswer(shell, number, words));
  command
    .command("done")
    .description("Give somebody who waited back to the model, which says so.")
    .argument("<number>", "as `waiting` lists it")
    .action((number: string) => endHandover(shell, number));
}

async function runAdd(shell: Shell, file: string): Promise<void> {
  const definition = loadFlow(argumentPath(shell, file));
  const added = await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "POST",
    path: "/flows",
    body: { definition },
    reply: FlowAddedSchema,
  });
  const { name, version } = added.flow;
  shell.print(
    added.change === "unchanged"
      ? `The flow ${name} is the same already (version ${version}).`
      : `${added.change === "added" ? "Added" : "Changed"} the flow ${name} (version ${version}). \`/flow ${name}\` begins it.`,
  );
  shell.printJson(added);
}

async function runList(shell: Shell): Promise<void> {
  const flows = await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "GET",
    path: "/flows",
    reply: FlowsSchema,
  });
  shell.print(renderFlows(flows));
  shell.printJson(flows);
}

function renderFlows(flows: readonly FlowSummary[]): string {
  if (flows.length === 0)
    return "There is no flow yet. `npx rockpool flow add <file>` adds one; examples are in local-runtime/flows/.";
  const rows = flows.map(({ name, version, title, phrases, keywords }) => [
    name,
    String(version),
    title.en,
    [...phrases, ...keywords].join(", "),
  ]);
  return renderTable([["FLOW", "VERSION", "TITLE", "BEGUN BY"], ...rows]);
}

async function runShow(shell: Shell, name: string): Promise<void> {
  const shown = await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "GET",
    path: flowPath(name),
    reply: FlowShownSchema,
  });
  shell.print(renderYaml(shown.definition));
  shell.printJson(shown);
}

async function runRemove(shell: Shell, name: string): Promise<void> {
  await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "DELETE",
    path: flowPath(name),
    reply: v.object({ removed: v.literal(true) }),
  });
  shell.print(`Removed the flow ${name}.`);
  shell.printJson({ removed: { name } });
}

function flowPath(name: string): string {
  if (!NAME_PATTERN.test(name))
    throw usageError(
      "That is no name of a flow.",
      "A name begins with a small letter and has at most 32 small letters, digits and hyphens.",
    );
  return `/flows/${name}`;
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
