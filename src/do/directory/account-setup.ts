/** Accounts come and go here: their fields are checked, the platform is told, and what is stored is what works. */
import type { Account, ChannelAdapter } from "../../adapters/adapter.ts";
import { findAdapter } from "../../adapters/registry.ts";
import type { AccountAdded, AccountTest, AddAccount } from "../../core/admin-protocol.ts";
import { type AuditActor, NO_ACTOR } from "../../core/audit.ts";
import { AppError, errorSpec, isAppError } from "../../core/errors.ts";
import { accountKey } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { createIo, findRoute } from "../delivery/routes-out.ts";
import { openOptions } from "../isolate.ts";
import { forgetDirectory, openDirectory } from "./directory-client.ts";

interface Checked {
  settings: Record<string, string>;
  secrets: Record<string, string>;
  generated: Record<string, string>;
}

/** Throws account/bad_settings with one sentence that names every field at fault. */
function checkFields(adapter: ChannelAdapter, given: Record<string, string>): Checked {
  const checked: Checked = { settings: {}, secrets: {}, generated: {} };
  const known = new Set(adapter.fields.map((field) => field.name));
  const problems = Object.keys(given)
    .filter((name) => !known.has(name))
    .map((name) => `${name} is no field of ${adapter.channel}`);
  for (const field of adapter.fields) {
    const value = given[field.name] ?? field.generate?.();
    if (value === undefined) {
      if (field.required) problems.push(`${field.name} is missing`);
      continue;
    }
    const problem = field.check?.(value);
    if (problem) problems.push(`${field.name}: ${problem}`);
    if (given[field.name] === undefined) checked.generated[field.name] = value;
    (field.secret ? checked.secrets : checked.settings)[field.name] = value;
  }
  if (problems.length > 0)
    throw new AppError("account/bad_settings", { detail: `${problems.join("; ")}.` });
  return checked;
}

function webhookUrl(env: Env, account: Account): string | undefined {
  const base = openOptions(env).ROCKPOOL_PUBLIC_URL;
  return account.transport === "webhook" && base !== ""
    ? `${base}/webhooks/${account.channel}/${account.name}`
    : undefined;
}

/** Throws channel/unknown, account/*. Nothing is stored when the platform refuses. */
export async function addAccount(
  env: Env,
  request: AddAccount,
  by: AuditActor = NO_ACTOR,
): Promise<AccountAdded> {
  const adapter = findAdapter(request.channel);
  if (!adapter || adapter.fields.length === 0) throw new AppError("channel/unknown");
  if (!adapter.capabilities.transports.includes(request.transport))
    throw new AppError("account/bad_settings", {
      detail: `${request.channel} takes ${adapter.capabilities.transports.join(" or ")} as transport.`,
    });
  const { settings, secrets, generated } = checkFields(adapter, request.fields);
  const { channel, name, access, transport, apiBase, allow } = request;
  const key = accountKey(channel, name);
  const account: Account = {
    key,
    channel,
    name,
    access,
    transport,
    settings,
    secrets,
    ...(apiBase === undefined ? {} : { apiBase }),
  };
  const directory = openDirectory(env);
  if (await directory.account(key)) throw new AppError("account/exists");
  const report = (await adapter.setup?.(
    account,
    createIo(env, adapter, account),
    webhookUrl(env, account),
  )) ?? { done: [] };
  // Armed before the account is kept, so that a crash in between leaves none that nobody polls.
  if (transport === "poll") await env.CONNECTION.getByName(key).open(key);
  await directory.addAccount(report.self ? { ...account, self: report.self } : account, allow, by);
  forgetDirectory();
  if (transport === "poll") await env.CONNECTION.getByName(key).open(key);
  const summary = (await directory.accounts()).find(
    (item) => item.channel === channel && item.name === name,
  );
  if (!summary) throw new AppError("account/unknown");
  return { account: summary, done: report.done, generated };
}

/** Throws account/unknown. */
export async function removeAccount(
  env: Env,
  channel: string,
  name: string,
  by: AuditActor = NO_ACTOR,
): Promise<void> {
  const key = accountKey(channel, name);
  const route = await findRoute(env, key);
  await openDirectory(env).removeAccount(key, by);
  forgetDirectory();
  if (route?.account.transport === "poll") await env.CONNECTION.getByName(key).close();
}

/** Tells the platform again what `add` told it; a refusal is a result, not an error. */
export async function testAccount(env: Env, channel: string, name: string): Promise<AccountTest> {
  const route = await findRoute(env, accountKey(channel, name));
  if (!route) throw new AppError("account/unknown");
  const { adapter, account, io } = route;
  try {
    const report = await adapter.setup?.(account, io, webhookUrl(env, account));
    return { ok: true, done: report?.done ?? ["there is nothing to ask the platform"] };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { ok: false, done: [], problem: `${error.message} ${errorSpec(error.code).fix}` };
  }
}
