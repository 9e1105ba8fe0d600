/** `rockpool apikey create|list|revoke`: keys with which programs use the OpenAI-compatible API. */
import { type Command, Option } from "commander";
import * as v from "valibot";
import type { ApiKeySummary, CreateApiKey } from "../../src/core/admin-protocol.ts";
import { API_SCOPES, type ApiScope, USUAL_SCOPES } from "../../src/core/api-keys.ts";
import { NAME_PATTERN } from "../../src/core/ids.ts";
import { callAdmin, findServer } from "../admin/admin-client.ts";
import { ApiKeyCreatedSchema, ApiKeysSchema } from "../admin/admin-client-replies.ts";
import { renderTable } from "../channel-text.ts";
import { defineGroup } from "../command-group.ts";
import { parseExpiry, parseKeepingTime } from "../expiry.ts";
import { usageError } from "../host-error.ts";
import { loadServerStatus } from "../screen/server-status.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

interface CreateFlags {
  name: string;
  scopes: ApiScope[];
  expires?: string;
  model?: string;
  person?: string;
  cacheAnswers?: string;
}

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("create")
    .description("Make a key, and print it this once.")
    .requiredOption("--name <name>", "what to call it")
    .addOption(
      new Option("--scopes <scope...>", "what it may do").choices(API_SCOPES).default(USUAL_SCOPES),
    )
    .option(
      "--expires <when>",
      "a time from now (12h, 90d, 8w) or a day (2027-01-31); never by default",
    )
    .option("--model <model>", "the model that answers its chats, whichever one they name")
    .option("--person <person>", "whose key it is, by id or name; the owner's by default")
    .option(
      "--cache-answers <time>",
      "answer the same chat again from memory for so long (30s, 10m, 1h; 24h at most); only with temperature 0",
    )
    .action((flags: CreateFlags) => runCreate(shell, flags));
  command
    .command("list")
    .description("List the keys: of each one its first letters, never the key.")
    .action(() => runList(shell));
  command
    .command("revoke")
    .description("End a key at once.")
    .argument("<name>")
    .action((name: string) => runRevoke(shell, name));
}

async function runCreate(shell: Shell, flags: CreateFlags): Promise<void> {
  verifyName(flags.name);
  const { name, scopes, expires, model, person, cacheAnswers } = flags;
  const body: CreateApiKey = {
    name,
    scopes: [...new Set(scopes)],
    ...(model === undefined ? {} : { model }),
    ...(person === undefined ? {} : { person }),
    ...(cacheAnswers === undefined ? {} : { cacheAnswersMs: parseKeepingTime(cacheAnswers) }),
    ...(expires === undefined ? {} : { expiresAtMs: parseExpiry(expires, Date.now()) }),
  };
  const { adminSocket, url, apiUrl } = findServer(loadSettings(shell).dataDir);
  const { publicUrl } = await loadServerStatus(adminSocket);
  const { key, apiKey } = await callAdmin(adminSocket, {
    method: "POST",
    path: "/api-keys",
    body,
    reply: ApiKeyCreatedSchema,
  });
  const baseUrl = `${apiUrl ?? (publicUrl || url)}/v1`;
  shell.print(
    [
      key,
      "",
      "This is shown once: keep it where secrets belong. A client needs two settings:",
      `  base URL  ${baseUrl}`,
      "  API key   the line above",
    ].join("\n"),
  );
  shell.printJson({ key, baseUrl, ...apiKey });
}

async function runList(shell: Shell): Promise<void> {
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const keys = await callAdmin(adminSocket, {
    method: "GET",
    path: "/api-keys",
    reply: ApiKeysSchema,
  });
  shell.print(renderKeys(keys, Date.now()));
  shell.printJson(keys);
}

function renderKeys(keys: readonly ApiKeySummary[], nowMs: number): string {
  if (keys.length === 0)
    return "There is no key yet. Make one with `npx rockpool apikey create --name <name>`.";
  const rows = keys.map((key) => [
    key.name,
    key.start,
    key.person,
    key.scopes.join(","),
    key.model ?? "-",
    renderExpiry(key.expiresAtMs, nowMs),
    key.lastUsedDay ?? "never",
  ]);
  return renderTable([["NAME", "KEY", "PERSON", "SCOPES", "MODEL", "EXPIRES", "USED"], ...rows]);
}

function renderExpiry(expiresAtMs: number | undefined, nowMs: number): string {
  if (expiresAtMs === undefined) return "never";
  return expiresAtMs <= nowMs ? "expired" : new Date(expiresAtMs).toISOString().slice(0, 16);
}

async function runRevoke(shell: Shell, name: string): Promise<void> {
  verifyName(name);
  await callAdmin(findServer(loadSettings(shell).dataDir).adminSocket, {
    method: "DELETE",
    path: `/api-keys/${encodeURIComponent(name)}`,
    reply: v.object({ revoked: v.literal(true) }),
  });
  shell.print(`Revoked ${name}.`);
  shell.printJson({ revoked: name });
}

function verifyName(name: string): void {
  if (!NAME_PATTERN.test(name))
    throw usageError(
      "The name is wrong.",
      "A name begins with a small letter and has at most 32 small letters, digits and hyphens.",
    );
}
