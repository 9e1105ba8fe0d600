/** `rockpool person list|show|role|grant|revoke|limit|remove|export|verify|erase`: who may do what, and how much of it. */
import { Argument, type Command } from "commander";
import type { PersonChange, PersonSummary } from "../../src/core/admin-protocol.ts";
import { GRANT_KINDS, type GrantKind } from "../../src/core/person-access.ts";
import { parseQuota, QUOTA_NAMES, QUOTAS, type QuotaName } from "../../src/core/quotas.ts";
import { ROLES, type Role } from "../../src/core/roles.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { PeopleSchema, PersonSchema } from "../admin/admin-client-replies.ts";
import { defineGroup } from "../command-group.ts";
import { usageError } from "../host-error.ts";
import { defineErase } from "../person/person-erase.ts";
import { defineExport } from "../person/person-export.ts";
import { renderPeople, renderPerson } from "../person/person-text.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

const PERSON = new Argument("<person>", "by id, or by a name that nobody else has");

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("list")
    .description("List the people with their roles.")
    .action(() => runList(shell));
  command
    .command("show")
    .description("Show one person: role, accounts, grants and limits.")
    .addArgument(PERSON)
    .action((person: string) => runShow(shell, person));
  command
    .command("role")
    .description("Give a person another role. docs/permissions.md says what each may do.")
    .addArgument(PERSON)
    .addArgument(new Argument("<role>").choices(ROLES))
    .action((person: string, role: Role) => runChange(shell, person, { what: "role", role }));
  for (const what of ["grant", "revoke"] as const)
    command
      .command(what)
      .description(
        what === "grant"
          ? "Grant a channel or a model. From the first grant of a kind on, the person may use what was granted and nothing else of it."
          : "Take a grant back. Without the last one of a kind, all of it may be used again.",
      )
      .addArgument(PERSON)
      .addArgument(new Argument("<kind>").choices(GRANT_KINDS))
      .argument("<value>", "a channel (telegram), an account (telegram:main), or a model's name")
      .action((person: string, kind: GrantKind, value: string) =>
        runChange(shell, person, { what, kind, value: kind === "channel" ? keyOf(value) : value }),
      );
  defineLimit(command, shell);
  command
    .command("remove")
    .description(
      "Let a person in no longer. Roles, grants, API keys and what is remembered of the person go with it; conversations stay: with the id, `person export` writes and `person erase` erases them. Where an account is open to everybody, the person may come back as a guest.",
    )
    .addArgument(PERSON)
    .action((person: string) => runRemove(shell, person));
  defineExport(command, shell);
  defineErase(command, shell);
}

/** Other commands print an account as `telegram/main`. */
function keyOf(account: string): string {
  return account.replace("/", ":");
}

function defineLimit(command: Command, shell: Shell): void {
  const limits = QUOTA_NAMES.map((name) => `  ${name.padEnd(18)} ${QUOTAS[name]}`).join("\n");
  command
    .command("limit")
    .description("Set a limit of one person, in place of the role's.")
    .addArgument(PERSON)
    .addArgument(new Argument("<limit>", "see below").choices(QUOTA_NAMES))
    .argument("<value>", "a whole number, none, or default")
    .addHelpText("after", `\nLimits:\n${limits}`)
    .action((person: string, name: QuotaName, value: string) =>
      runChange(shell, person, { what: "limit", name, ...parseLimit(name, value) }),
    );
}

function parseLimit(name: QuotaName, text: string): { value?: number | null } {
  if (text === "default") return {};
  const value = parseQuota(name, text);
  if (value !== undefined) return { value };
  throw usageError(
    "The value is wrong.",
    "A limit is a whole number (of messages a minute 1000 at most), `none`, or `default` for what the role gives.",
  );
}

function adminSocket(shell: Shell): string {
  return findServer(loadSettings(shell).dataDir).adminSocket;
}

function pathOf(person: string): string {
  return `/people/${encodeURIComponent(person)}`;
}

async function runList(shell: Shell): Promise<void> {
  const people = await callAdmin(adminSocket(shell), {
    method: "GET",
    path: "/people",
    reply: PeopleSchema,
  });
  shell.print(renderPeople(people));
  shell.printJson(people);
}

async function runShow(shell: Shell, person: string): Promise<void> {
  const shown = await callAdmin(adminSocket(shell), {
    method: "GET",
    path: pathOf(person),
    reply: PersonSchema,
  });
  shell.print(renderPerson(shown));
  shell.printJson(shown);
}

async function runChange(shell: Shell, person: string, change: PersonChange): Promise<void> {
  const changed: PersonSummary = await callAdmin(adminSocket(shell), {
    method: "POST",
    path: pathOf(person),
    body: change,
    reply: PersonSchema,
  });
  shell.print(renderPerson(changed));
  shell.printJson(changed);
}

async function runRemove(shell: Shell, person: string): Promise<void> {
  const removed = await callAdmin(adminSocket(shell), {
    method: "DELETE",
    path: pathOf(person),
    reply: PersonSchema,
  });
  shell.print(
    `${renderPeople([removed])}\n\nRemoved. What was said stays: \`npx rockpool person export ${removed.id} --out ${removed.id}\` writes it, \`npx rockpool person erase ${removed.id} --yes\` erases it.`,
  );
  shell.printJson(removed);
}
