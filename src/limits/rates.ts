/**
 * How fast callers may call: the one table of rates, and where this isolate counts. A platform calls from few addresses
 * for everybody: by address only refused calls count, so that no forger stands in its way.
 */
import { parseIpAddress } from "../core/ip-address.ts";
import { type Rate, TokenBuckets } from "./token-buckets.ts";

export const RATES = {
  /** Refused calls of one address: wrong signatures, keys, tokens. */
  address: { burst: 30, perSecond: 0.5 },
  /** Calls and messages of one person, whatever they are. */
  person: { burst: 300, perSecond: 10 },
  /** Genuine calls of one account's platform; and those of all accounts of a channel. */
  account: { burst: 10_000, perSecond: 2_000 },
  channel: { burst: 20_000, perSecond: 4_000 },
  /** Codes of /link that are typed: one person's, and everybody's. */
  link_person: { burst: 5, perSecond: 1 / 600 },
  link_box: { burst: 20, perSecond: 1 / 60 },
  /** Models that one person chooses: each is an entry of the audit log. */
  model_person: { burst: 20, perSecond: 1 / 300 },
} as const satisfies Record<string, Rate>;

export type RateKind = keyof typeof RATES;

/** Of each kind, at about 150 bytes. */
export const MAX_BUCKETS = 20_000;

/** An IPv6 network of this many bits is one caller: whoever has one has all of its addresses. */
const IPV6_BITS = 64n;

/** Kinds are kept apart: whoever calls from many addresses pushes out other addresses, and nobody who has run dry. */
const buckets = new Map<RateKind, TokenBuckets>();

/** Takes one of `kind` for whoever `key` names; 0 where that is free, else how long to wait in ms. */
export function takeRate(kind: RateKind, key: string, nowMs: number): number {
  let ofKind = buckets.get(kind);
  if (!ofKind) {
    ofKind = new TokenBuckets(MAX_BUCKETS);
    buckets.set(kind, ofKind);
  }
  return ofKind.take(key, RATES[kind], nowMs);
}

/** The caller that an address stands for. */
export function addressKey(address: string): string {
  const parsed = address.includes(":") ? parseIpAddress(address) : undefined;
  return parsed === undefined ? address : `net:${(parsed >> IPV6_BITS).toString(16)}`;
}
