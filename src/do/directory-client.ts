/**
 * The directory as routes and sessions ask it: what was found is remembered in the isolate for a minute, so that the
 * way of a message costs no look-up. A change made here is seen at once; one made by another machine within the minute.
 */
import type { Account } from "../adapters/adapter.ts";
import type { FlowSummary } from "../core/admin-protocol.ts";
import type { ApiCaller } from "../core/api-keys.ts";
import type { Admission, AdmitRequest } from "../core/directory-protocol.ts";
import type { AccountKey } from "../core/ids.ts";
import type { Env } from "../env.ts";
import { compileTriggers, matchTrigger, type Triggers } from "../flows/triggers.ts";
import { parseApiKey } from "../security/api-key.ts";
import type { DirectoryObject } from "./directory.ts";

const REMEMBER_MS = 60_000;
/** People remembered at most; the oldest go first. */
const MAX_REMEMBERED = 10_000;

interface Remembered<Value> {
  value: Value;
  untilMs: number;
}

const accounts = new Map<AccountKey, Remembered<Account | undefined>>();
const admitted = new Map<string, Remembered<Extract<Admission, { status: "admitted" }>>>();

let flows: Remembered<{ list: FlowSummary[]; triggers: Triggers }> | undefined;
/** By the key's hash: the keys themselves are kept nowhere. */
const callers = new Map<string, Remembered<ApiCaller>>();

export function openDirectory(env: Env): DurableObjectStub<DirectoryObject> {
  return env.DIRECTORY.getByName("directory");
}

/** After a change of accounts, people, flows or API keys. */
export function forgetDirectory(): void {
  accounts.clear();
  callers.clear();
  admitted.clear();
  flows = undefined;
}

async function openFlows(env: Env): Promise<{ list: FlowSummary[]; triggers: Triggers }> {
  const nowMs = Date.now();
  if (flows && flows.untilMs > nowMs) return flows.value;
  const list = await openDirectory(env).flows();
  const value = { list, triggers: compileTriggers(list) };
  flows = { value, untilMs: nowMs + REMEMBER_MS };
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
  const nowMs = Date.now();
  const remembered = accounts.get(key);
  if (remembered && remembered.untilMs > nowMs) return remembered.value;
  const value = await openDirectory(env).account(key);
  if (accounts.size >= MAX_REMEMBERED) accounts.clear();
  accounts.set(key, { value, untilMs: nowMs + REMEMBER_MS });
  return value;
}

/** Only who is in is remembered: a stranger's next message is looked at anew. */
export async function admit(env: Env, request: AdmitRequest): Promise<Admission> {
  const isUncalledFor = request.conversation.kind === "group" && !request.mentionsMe;
  if (isUncalledFor || request.sender.isBot) return { status: "denied" };
  const nowMs = Date.now();
  const key = `${request.account}|${request.sender.id}`;
  const remembered = admitted.get(key);
  if (remembered && remembered.untilMs > nowMs) return remembered.value;
  const admission = await openDirectory(env).admit(request);
  if (admission.status === "admitted") {
    const oldest = admitted.size >= MAX_REMEMBERED ? admitted.keys().next().value : undefined;
    if (oldest !== undefined) admitted.delete(oldest);
    admitted.set(key, { value: admission, untilMs: nowMs + REMEMBER_MS });
  }
  return admission;
}

/** Whose call it is; undefined for text that is no key in force. */
export async function findCaller(env: Env, key: string): Promise<ApiCaller | undefined> {
  const parsed = await parseApiKey(key);
  if (!parsed) return undefined;
  const nowMs = Date.now();
  const remembered = callers.get(parsed.hash);
  if (remembered && remembered.untilMs > nowMs) return remembered.value;
  const value = await openDirectory(env).useApiKey(parsed);
  if (!value) return undefined;
  if (callers.size >= MAX_REMEMBERED) callers.clear();
  const untilMs = Math.min(nowMs + REMEMBER_MS, value.expiresAtMs ?? Number.POSITIVE_INFINITY);
  callers.set(parsed.hash, { value, untilMs });
  return value;
}
