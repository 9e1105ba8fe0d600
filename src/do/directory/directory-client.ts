/**
 * The directory as routes and sessions ask it: what was found is remembered in the isolate for a minute, so that the
 * way of a message costs no look-up. A change made here is seen at once; one made by another machine within the minute.
 */
import type { Account } from "../../adapters/adapter.ts";
import { TtlCache } from "../../cache/ttl-cache.ts";
import type { FlowSummary } from "../../core/admin-protocol.ts";
import type { ApiCaller } from "../../core/api-keys.ts";
import type { Admission, AdmitRequest, Person } from "../../core/directory-protocol.ts";
import type { AccountKey, PersonId } from "../../core/ids.ts";
import type { Env } from "../../env.ts";
import { compileTriggers, matchTrigger, type Triggers } from "../../flows/triggers.ts";
import { parseApiKey } from "../../security/api-key.ts";
import type { DirectoryObject } from "./directory.ts";

const REMEMBER_MS = 60_000;
/** People remembered at most; the oldest go first. */
const MAX_REMEMBERED = 10_000;

const nowMs = () => Date.now();
const options = { ttlMs: REMEMBER_MS, maxEntries: MAX_REMEMBERED, nowMs };

/** Null for one that does not exist: whoever calls for it again and again costs no look-up. */
const accounts = new TtlCache<Account | null>({ ...options, name: "accounts" });
const admitted = new TtlCache<Extract<Admission, { status: "admitted" }>>({
  ...options,
  name: "people",
});
/** By the key's hash: the keys themselves are kept nowhere. */
const callers = new TtlCache<ApiCaller>({ ...options, name: "api_keys" });
const persons = new TtlCache<Person>({ ...options, name: "persons" });
const flows = new TtlCache<{ list: FlowSummary[]; triggers: Triggers }>({
  ...options,
  name: "flows",
  maxEntries: 1,
});
const FLOWS_KEY = "all";

export function openDirectory(env: Env): DurableObjectStub<DirectoryObject> {
  return env.DIRECTORY.getByName("directory");
}

/** After a change of accounts, people, flows or API keys. */
export function forgetDirectory(): void {
  accounts.clear();
  callers.clear();
  admitted.clear();
  persons.clear();
  flows.clear();
}

/** Also under the id that somebody had before two people turned out to be one. */
export async function findPerson(env: Env, id: PersonId): Promise<Person | undefined> {
  const kept = persons.get(id);
  if (kept) return kept;
  const value = await openDirectory(env).person(id);
  if (value) persons.set(id, value);
  return value;
}

async function openFlows(env: Env): Promise<{ list: FlowSummary[]; triggers: Triggers }> {
  const kept = flows.get(FLOWS_KEY);
  if (kept) return kept;
  const list = await openDirectory(env).flows();
  const value = { list, triggers: compileTriggers(list) };
  flows.set(FLOWS_KEY, value);
  return value;
}

export async function findFlows(env: Env): Promise<FlowSummary[]> {
  return (await openFlows(env)).list;
}

/** The flow that a message begins, if any. */
export async function findTriggered(env: Env, text: string): Promise<string | undefined> {
  return matchTrigger((await openFlows(env)).triggers, text);
}

export async function findAccount(env: Env, key: AccountKey): Promise<Account | undefined> {
  const kept = accounts.get(key);
  if (kept !== undefined) return kept ?? undefined;
  const value = await openDirectory(env).account(key);
  accounts.set(key, value ?? null);
  return value;
}

/** Only who is in is remembered: a stranger's next message is looked at anew. */
export async function admit(env: Env, request: AdmitRequest): Promise<Admission> {
  const isUncalledFor = request.conversation.kind === "group" && !request.mentionsMe;
  if (isUncalledFor || request.sender.isBot) return { status: "denied" };
  const key = `${request.account}|${request.sender.id}`;
  const kept = admitted.get(key);
  if (kept) return kept;
  const admission = await openDirectory(env).admit(request);
  if (admission.status === "admitted") admitted.set(key, admission);
  return admission;
}

/** Whose call it is; undefined for text that is no key in force. */
export async function findCaller(env: Env, key: string): Promise<ApiCaller | undefined> {
  const parsed = await parseApiKey(key);
  if (!parsed) return undefined;
  const kept = callers.get(parsed.hash);
  if (kept && !isOver(kept)) return kept;
  const value = await openDirectory(env).useApiKey(parsed);
  if (value) callers.set(parsed.hash, value);
  return value;
}

function isOver({ expiresAtMs }: ApiCaller): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs();
}
