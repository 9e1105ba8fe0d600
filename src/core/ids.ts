/** Names of things, as branded strings: platform ids exceed 2^53 and are never numbers. Pure. */
import { v7 } from "uuid";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `<channel>:<account>`, for example `telegram:main`. */
export type AccountKey = Branded<"AccountKey">;
/** `<channel>:<account>:<conversation>[:<thread>]`, each part percent-encoded. Names one SessionObject. */
export type SessionKey = Branded<"SessionKey">;
export type PersonId = Branded<"PersonId">;
export type TurnId = Branded<"TurnId">;
export type MessageId = Branded<"MessageId">;
export type FileId = Branded<"FileId">;

/** The parts a session key is made of. */
export interface SessionAddress {
  channel: string;
  account: string;
  conversation: string;
  thread?: string;
}

/** A channel or account name: what stands in a webhook path and in a key without encoding. */
export const NAME_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;

/** A new id that sorts by the time it was made (UUIDv7), typed by the caller's annotation. */
export function newId<Id extends PersonId | TurnId | MessageId | FileId>(): Id {
  return v7() as Id;
}

export function accountKey(channel: string, name: string): AccountKey {
  return `${channel}:${name}` as AccountKey;
}

/** The inverse of {@link accountKey}: neither part holds a colon ({@link NAME_PATTERN}). */
export function parseAccountKey(key: AccountKey): { channel: string; name: string } {
  const [channel = "", name = ""] = key.split(":");
  return { channel, name };
}

export function encodeSessionKey(address: SessionAddress): SessionKey {
  const parts = [address.channel, address.account, address.conversation];
  if (address.thread !== undefined) parts.push(address.thread);
  return parts.map((part) => encodeURIComponent(part.toWellFormed())).join(":") as SessionKey;
}

/** The inverse of {@link encodeSessionKey}; undefined for text that no address encodes to. */
export function decodeSessionKey(key: string): SessionAddress | undefined {
  const parts = key.split(":");
  if (parts.length < 3 || parts.length > 4) return undefined;
  try {
    const [channel = "", account = "", conversation = "", thread] = parts.map(decodeURIComponent);
    return { channel, account, conversation, ...(thread === undefined ? {} : { thread }) };
  } catch {
    return undefined; // a lone percent sign: not a key
  }
}
