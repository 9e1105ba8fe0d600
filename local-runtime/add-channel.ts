/** `rockpool channel add`, step by step: check, allow the address, tell the server; on failure take the address back. */

import type { CatalogueEntry } from "../src/adapters/catalogue.ts";
import type { AccountAdded, AddAccount } from "../src/core/admin-protocol.ts";
import { accountKey } from "../src/core/ids.ts";
import { callAdmin, findServer } from "./admin/admin-client.ts";
import { AccountAddedSchema, AccountsSchema } from "./admin/admin-client-replies.ts";
import { originOf } from "./egress/account-origin.ts";
import { allowOrigin, disallowOrigin } from "./egress/egress-change.ts";
import { HostError, usageError } from "./host-error.ts";

export interface ChannelPlan {
  entry: CatalogueEntry;
  /** As the server is configured: empty where the internet does not reach it. */
  publicUrl: string;
  transport: AddAccount["transport"] | undefined;
}

/** The transport that was asked for, or the one that works here. Throws a usage error for one that cannot. */
export function decideTransport({ entry, publicUrl, transport }: ChannelPlan) {
  const canPoll = entry.transports.includes("poll");
  if (transport === undefined) return publicUrl === "" && canPoll ? "poll" : "webhook";
  if (!entry.transports.includes(transport))
    throw usageError(
      `--transport ${transport} is nothing that ${entry.channel} can do.`,
      `It can do: ${entry.transports.join(", ")}.`,
    );
  return transport;
}

/** Without slashes at its end. Throws a usage error. */
export function parseApiBase(text: string, what = "--api-base"): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!isPlain || !/^https?:$/.test(url.protocol))
    throw usageError(
      `${what} is wrong.`,
      "Give an http or https address without credentials, such as http://127.0.0.1:8081.",
    );
  return url.href.replace(/\/+$/, "");
}

/** Throws account/*, egress/*, server/*. */
export async function addChannel(
  dataDir: string,
  request: AddAccount,
  { note, isListedOnly }: { note: (text: string) => void; isListedOnly: boolean },
): Promise<AccountAdded> {
  await refuseTaken(dataDir, request);
  const origin = originOf({ ...request, callback: request.fields.callback }, isListedOnly);
  const granted = origin !== undefined && (await allowOrigin(dataDir, origin));
  try {
    return await callAdmin(findServer(dataDir).adminSocket, {
      method: "POST",
      path: "/accounts",
      body: request,
      reply: AccountAddedSchema,
    });
  } catch (error) {
    if (granted)
      await disallowOrigin(dataDir, origin).catch(() =>
        note(`${origin} stays allowed: take it out of egress.json and restart the server`),
      );
    throw error;
  }
}

/** Asked first: a taken name is no reason to restart workerd with a new address. */
async function refuseTaken(dataDir: string, { channel, name }: AddAccount): Promise<void> {
  const accounts = await callAdmin(findServer(dataDir).adminSocket, {
    method: "GET",
    path: "/accounts",
    reply: AccountsSchema,
  });
  if (!accounts.some((item) => item.channel === channel && item.name === name)) return;
  throw new HostError({
    code: "account/exists",
    message: `The account ${accountKey(channel, name)} exists already.`,
    fix: `Remove it first (\`npx rockpool channel remove ${channel} ${name}\`), or choose another --name.`,
  });
}
