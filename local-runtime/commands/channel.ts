/** `rockpool channel add|list|show|remove|test`: the messengers that this box answers on. */
import { type Command, Option } from "commander";
import * as v from "valibot";
import { CATALOGUE, type CatalogueEntry } from "../../src/adapters/catalogue.ts";
import type { AccountSummary, AddAccount } from "../../src/core/admin-protocol.ts";
import { NAME_PATTERN } from "../../src/core/ids.ts";
import { addChannel, decideTransport, parseApiBase } from "../add-channel.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { AccountsSchema, AccountTestSchema } from "../admin/admin-client-replies.ts";
import { renderAccount, renderAccounts, renderAdded } from "../channel-text.ts";
import { defineGroup } from "../command-group.ts";
import { originOf } from "../egress/account-origin.ts";
import { disallowOrigin } from "../egress/egress-change.ts";
import { readFieldValues } from "../field-values.ts";
import { EXIT, HostError, usageError } from "../host-error.ts";
import { loadServerStatus } from "../screen/server-status.ts";
import { webhookAddress } from "../screen/start-screen.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { createTerminalInput } from "../terminal-input.ts";

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  const add = command.command("add").description("Add an account of a channel.");
  defineGroup(add);
  for (const entry of CATALOGUE) defineAdd(add.command(entry.channel), entry, shell);
  command
    .command("list")
    .description("List the accounts.")
    .action(() => runList(shell));
  command
    .command("show")
    .description("Show an account: its settings, and of its secrets that they are set.")
    .argument("<channel>")
    .argument("<name>")
    .action((channel: string, name: string) => runShow(shell, channel, name));
  command
    .command("remove")
    .description(
      "Remove an account, its people's access to it, and the address that it alone used.",
    )
    .argument("<channel>")
    .argument("<name>")
    .action((channel: string, name: string) => runRemove(shell, channel, name));
  command
    .command("test")
    .description("Ask the platform of an account whether all is well. Exit status 1 where not.")
    .argument("<channel>")
    .argument("<name>")
    .action((channel: string, name: string) => runTest(shell, channel, name));
}

interface AddFlags {
  name: string;
  access: AddAccount["access"];
  allow: string[];
  transport?: AddAccount["transport"];
  apiBase?: string;
  [field: string]: unknown;
}

function defineAdd(command: Command, entry: CatalogueEntry, shell: Shell): void {
  command
    .description(
      `${entry.doc} A value may be given as it is, as @file, or as - for standard input; a required one that is not given is asked for.`,
    )
    .option("--name <name>", "what to call the account", "main");
  for (const { name, required, doc } of entry.fields)
    command.option(`--${name} <value>`, required ? `${doc} (required)` : doc);
  command
    .addOption(
      new Option("--access <who>", "who may write to it")
        .choices(["pairing", "allowlist", "open"])
        .default("pairing"),
    )
    .option("--allow <id...>", "ids of senders who may write at once", [])
    .addOption(
      new Option(
        "--transport <way>",
        "how messages come in; decided by itself when not given",
      ).choices(entry.transports),
    )
    .option("--api-base <url>", "address of the platform's API, where it is not its usual one")
    .action((flags: AddFlags) => runAdd(shell, entry, flags));
}

async function runAdd(shell: Shell, entry: CatalogueEntry, flags: AddFlags): Promise<void> {
  verifyName("--name", flags.name);
  const given = Object.fromEntries(
    entry.fields.map(({ name }) => [name, optionText(flags[optionKey(name)])]),
  );
  const apiBase = flags.apiBase === undefined ? undefined : parseApiBase(flags.apiBase);
  const { dataDir, options } = loadSettings(shell);
  const { adminSocket, url } = findServer(dataDir);
  const status = await loadServerStatus(adminSocket);
  const request: AddAccount = {
    channel: entry.channel,
    name: flags.name,
    access: flags.access,
    transport: decideTransport({
      entry,
      publicUrl: status.publicUrl,
      transport: flags.transport,
    }),
    fields: await readFieldValues(entry.fields, given, shell, createTerminalInput()),
    allow: flags.allow,
    ...(apiBase === undefined ? {} : { apiBase }),
  };
  const isListedOnly = options.ROCKPOOL_EGRESS === "listed";
  const added = await addChannel(dataDir, request, { note: shell.note, isListedOnly });
  const webhookUrl = webhookAddress(added.account, { url, status });
  shell.print(renderAdded(added, webhookUrl));
  shell.printJson({ ...added, webhookUrl });
}

async function runList(shell: Shell): Promise<void> {
  const accounts = await loadAccounts(loadSettings(shell).dataDir);
  shell.print(renderAccounts(accounts));
  shell.printJson(accounts);
}

async function runShow(shell: Shell, channel: string, name: string): Promise<void> {
  const accounts = await loadAccounts(loadSettings(shell).dataDir);
  const account = findAccount(accounts, channel, name);
  shell.print(renderAccount(account));
  shell.printJson(account);
}

async function runRemove(shell: Shell, channel: string, name: string): Promise<void> {
  const { dataDir, options } = loadSettings(shell);
  const accounts = await loadAccounts(dataDir);
  const account = findAccount(accounts, channel, name);
  await callAdmin(findServer(dataDir).adminSocket, {
    method: "DELETE",
    path: accountPath(channel, name),
    reply: v.object({ removed: v.literal(true) }),
  });
  const needed = (item: AccountSummary) =>
    originOf({ ...item, callback: item.settings.callback }, options.ROCKPOOL_EGRESS === "listed");
  const origin = needed(account);
  const isShared = accounts.some((item) => item !== account && needed(item) === origin);
  if (origin && !isShared) await disallowOrigin(dataDir, origin);
  shell.print(`Removed ${channel}/${name}.`);
  shell.printJson({ removed: { channel, name } });
}

async function runTest(shell: Shell, channel: string, name: string): Promise<void> {
  verifyName("The channel", channel);
  verifyName("The name", name);
  const result = await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "POST",
    path: `${accountPath(channel, name)}/test`,
    reply: AccountTestSchema,
  });
  for (const line of result.done) shell.print(`ok    ${line}`);
  if (!result.ok) shell.print(`fail  ${result.problem ?? "The platform does not say why."}`);
  shell.printJson(result);
  if (!result.ok) process.exitCode = EXIT.failure;
}

function loadAccounts(dataDir: string): Promise<AccountSummary[]> {
  const { adminSocket } = findServer(dataDir);
  return callAdmin(adminSocket, { method: "GET", path: "/accounts", reply: AccountsSchema });
}

function findAccount(accounts: AccountSummary[], channel: string, name: string): AccountSummary {
  const found = accounts.find((item) => item.channel === channel && item.name === name);
  if (found) return found;
  throw new HostError({
    code: "account/unknown",
    message: `There is no account ${channel}/${name}.`,
    fix: "List the accounts with `npx rockpool channel list`.",
  });
}

function accountPath(channel: string, name: string): string {
  return `/accounts/${encodeURIComponent(channel)}/${encodeURIComponent(name)}`;
}

function verifyName(what: string, name: string): void {
  if (!NAME_PATTERN.test(name))
    throw usageError(
      `${what} is wrong.`,
      "A name begins with a small letter and has at most 32 small letters, digits and hyphens.",
    );
}

/** commander's name of a flag's value. */
function optionKey(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function optionText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
