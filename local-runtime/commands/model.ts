/** `rockpool model list|pull|use|show|remove|bench|test`: the models that answer, of the built-in server and of Ollama. */
import { type Command, Option } from "commander";
import type { ToolCaseResult } from "../../src/core/tool-test.ts";
import { findServer } from "../admin/admin-client.ts";
import { defineGroup } from "../command-group.ts";
import type { ServerKind } from "../model-server/library.ts";
import { benchModel, renderFigures } from "../models/bench-model.ts";
import { listModels, renderModelList } from "../models/list-models.ts";
import { decideServer, openModelBox, openWritableBox } from "../models/model-box.ts";
import { pullBuiltin, pullOllama } from "../models/pull-model.ts";
import { removeModel } from "../models/remove-model.ts";
import { describeOneModel, renderModelDetails } from "../models/show-model.ts";
import { renderCase, renderTable, scoreTable, testTools } from "../models/test-tools.ts";
import { type UseFlags, useModel } from "../models/use-model.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

const WHERE =
  "Without --server: the built-in server where it has the name; else Ollama where one answers; else the built-in server.";

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("list")
    .description(
      "List the models that are here, the one that answers, and those that can be pulled.",
    )
    .action(() => runList(shell));
  command
    .command("use")
    .description(
      `Choose the model that answers, by name or as a .gguf file; one that is not here is pulled first. A running server takes it up at once. ${WHERE}`,
    )
    .argument("<name-or-file>", "such as qwen3:1.7b, or ./model.gguf, which stays where it is")
    .addOption(serverOption())
    .option("--name <name>", "what to call a file; its own name when not given")
    .action((given: string, flags: UseFlags) => runUse(shell, given, flags));
  command
    .command("pull")
    .description(
      `Bring a model here without choosing it; a download that was cut goes on where it stopped. With --json, lines of progress come before the result. ${WHERE}`,
    )
    .argument("<name>")
    .addOption(serverOption())
    .action((name: string, flags: { server?: ServerKind }) => runPull(shell, name, flags.server));
  command
    .command("show")
    .description("Show what a model is and can, and whether it fits into the memory.")
    .argument("<name>")
    .action((name: string) => runShow(shell, name));
  command
    .command("remove")
    .description("Remove a model that was pulled; a file of your own is only forgotten.")
    .argument("<name>")
    .action((name: string) => runRemove(shell, name));
  command
    .command("bench")
    .description("Measure how fast the model that answers reads and writes on this box.")
    .action(() => runBench(shell));
  command
    .command("test")
    .description(
      "Test how well a model chooses and calls tools: 60 messages in English and Chinese. The server must run; nothing is stored.",
    )
    .option("--model <name>", "another model than the one that answers")
    .action((flags: { model?: string }) => runTest(shell, flags.model));
}

function serverOption(): Option {
  return new Option("--server <which>", "which server").choices(["builtin", "ollama"]);
}

async function runList(shell: Shell): Promise<void> {
  const list = await listModels(openModelBox(shell));
  shell.print(renderModelList(list));
  shell.printJson(list);
}

async function runUse(shell: Shell, given: string, flags: UseFlags): Promise<void> {
  const used = await useModel(openWritableBox(shell), given, flags);
  for (const warning of used.warnings) shell.note(warning);
  const where = used.server === "builtin" ? "the built-in server" : "Ollama";
  const when = used.reloaded
    ? "The server has taken it up."
    : "`npm start` starts the server with it.";
  shell.print(`Chose ${used.model} of ${where}. ${when}`);
  shell.printJson(used);
}

async function runPull(shell: Shell, name: string, given?: ServerKind): Promise<void> {
  const box = openWritableBox(shell);
  const { server } = await decideServer(box, name, given);
  if (server === "builtin") await pullBuiltin(box, name);
  else await pullOllama(box, name);
  shell.print(`${name} is here. Choose it with \`npx rockpool model use ${name}\`.`);
  shell.printJson({ model: name, server });
}

async function runShow(shell: Shell, name: string): Promise<void> {
  const details = await describeOneModel(openModelBox(shell), name);
  shell.print(renderModelDetails(details));
  shell.printJson(details);
}

async function runRemove(shell: Shell, name: string): Promise<void> {
  const removed = await removeModel(openModelBox(shell), name);
  const what = removed.fileDeleted ? "Removed" : "Forgot";
  const rest = removed.fileDeleted ? "" : " Its file is where it was.";
  shell.print(`${what} ${removed.name}.${rest}`);
  shell.printJson(removed);
}

async function runTest(shell: Shell, model: string | undefined): Promise<void> {
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const results: ToolCaseResult[] = [];
  for await (const result of testTools(adminSocket, model)) {
    results.push(result);
    shell.note(renderCase(result));
  }
  const table = scoreTable(results);
  shell.print(renderTable(table));
  shell.printJson({ ...table, cases: results });
}

async function runBench(shell: Shell): Promise<void> {
  const figures = await benchModel(openModelBox(shell), shell.note);
  shell.print(renderFigures(figures));
  shell.printJson(figures);
}
