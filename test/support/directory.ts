/** What tests ask of a directory object. */
import { runInDurableObject } from "cloudflare:test";
import type { Account } from "../../src/adapters/adapter.ts";
import type { AdmitRequest } from "../../src/core/directory-protocol.ts";
import { accountKey, type PersonId } from "../../src/core/ids.ts";
import type { DirectoryObject } from "../../src/do/directory/directory.ts";
import { env } from "./integration.ts";

/** Each test has one of its own. */
export type Directory = DurableObjectStub<DirectoryObject>;

export function createDirectory(): Directory {
  return env.DIRECTORY.getByName(crypto.randomUUID());
}

export function createAccount(given: Partial<Account> = {}): Account {
  const name = given.name ?? "main";
  return {
    key: accountKey("telegram", name),
    channel: "telegram",
    name,
    access: "pairing",
    transport: "poll",
    settings: { api: "cloud" },
    secrets: { token: "123456:rhubarb" },
    ...given,
  };
}

export function sql(
  directory: Directory,
  query: string,
): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(directory, (_instance, state) =>
    state.storage.sql.exec(query).toArray(),
  );
}

/** What a call fails with, caught beside the object so that no rejection is left alone on the way. */
export function failureOf(
  directory: Directory,
  call: (instance: DirectoryObject) => unknown,
): Promise<unknown> {
  return runInDurableObject(directory, async (instance: unknown) => {
    try {
      return await call(instance as DirectoryObject); // the test runner's own type of it says less
    } catch (error) {
      return error;
    }
  });
}

export function ask(sender: string, given: Partial<AdmitRequest> = {}): AdmitRequest {
  const conversation = { id: sender, kind: "direct" as const };
  return {
    account: accountKey("telegram", "main"),
    sender: { id: sender, name: `Name of ${sender}` },
    conversation,
    mentionsMe: true,
    target: { conversation },
    ...given,
  };
}

export async function pair(
  directory: Directory,
  sender: string,
  account = "main",
): Promise<string> {
  const admission = await directory.admit(
    ask(sender, { account: accountKey("telegram", account) }),
  );
  if (admission.status !== "pairing") throw new Error(`${sender} was ${admission.status}`);
  return admission.code;
}

export async function letIn(
  directory: Directory,
  sender: string,
  account = "main",
): Promise<PersonId> {
  await directory.decidePairing(await pair(directory, sender, account), true);
  const admission = await directory.admit(
    ask(sender, { account: accountKey("telegram", account) }),
  );
  if (admission.status !== "admitted") throw new Error(`${sender} was ${admission.status}`);
  return admission.speaker.personId;
}
