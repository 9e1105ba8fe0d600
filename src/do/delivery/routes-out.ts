/** How an account's platform is reached: its adapter, its credentials, and a fetch that reaches its origins only. */
import type { Account, ChannelAdapter, Io } from "../../adapters/adapter.ts";
import { findAdapter } from "../../adapters/registry.ts";
import { type AccountKey, accountKey } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { createEgressFetch, type EgressSources, readGrants } from "../../security/egress.ts";
import { findAccount } from "../directory/directory-client.ts";

let sources: EgressSources | undefined;

function openSources(env: Env): EgressSources {
  // The grants name bindings that the host's config adds: Env cannot list them.
  const bindings = env as unknown as Record<string, unknown>;
  sources ??= {
    internet: env.INTERNET,
    granted: readGrants(env.EGRESS, (name) => bindings[name]),
    isListedOnly: env.ROCKPOOL_EGRESS === "listed",
  };
  return sources;
}

/** A fetch that reaches these origins and nothing else. */
export function openEgress(env: Env, origins: readonly string[]): typeof fetch {
  return createEgressFetch(openSources(env), origins);
}

/** The fetch is made when it is first used: who verifies and parses needs none. */
export function createIo(env: Env, adapter: ChannelAdapter, account: Account): Io {
  let egress: typeof fetch | undefined;
  return {
    fetch: (...args) => {
      egress ??= openEgress(env, adapter.origins(account));
      return egress(...args);
    },
    nowMs: () => Date.now(),
  };
}

export interface Route {
  account: Account;
  adapter: ChannelAdapter;
  io: Io;
}

/** Accounts of channels without a platform: part of every box, they need no adding and keep no secret. */
const LOCAL_ACCOUNTS: ReadonlyMap<AccountKey, Account> = new Map(
  ["web", "api"].map((channel) => {
    const key = accountKey(channel, "main");
    const account: Account = {
      key,
      channel,
      name: "main",
      access: "allowlist",
      transport: "local",
      settings: {},
      secrets: {},
    };
    return [key, account];
  }),
);

/** Undefined for an account that was removed, or whose channel this version does not know. */
export async function findRoute(env: Env, key: AccountKey): Promise<Route | undefined> {
  const account = LOCAL_ACCOUNTS.get(key) ?? (await findAccount(env, key));
  const adapter = account && findAdapter(account.channel);
  return account && adapter ? { account, adapter, io: createIo(env, adapter, account) } : undefined;
}
