/**
 * How often somebody may try a password: each name and each address has a number of tries, and gets one back after a
 * while. A right password costs none. Names and addresses fall into a fixed number of buckets, so that whoever tries
 * many of them fills nothing, and no list of them is kept. Pure but for {@link bucketOf}.
 */
import { vouch } from "./box-secret.ts";

export interface TryRule {
  tries: number;
  /** One try comes back after this time. */
  backMs: number;
}

export const TRY_RULES = {
  /** 480 guesses a day at most for one person, wherever they come from. */
  name: { tries: 10, backMs: 3 * 60_000 },
  address: { tries: 30, backMs: 60_000 },
} as const satisfies Record<string, TryRule>;

export type TryKind = keyof typeof TRY_RULES;

export const TRY_BUCKETS = 4096;

export interface TryState {
  left: number;
  atMs: number;
}

/** Which bucket a name or an address falls into: nobody can tell without the box's secret. */
export async function bucketOf(secret: CryptoKey, kind: TryKind, value: string): Promise<string> {
  const bytes = await vouch(secret, `tries:${kind}:${value}`);
  const number = new DataView(bytes.buffer).getUint16(0) % TRY_BUCKETS;
  return `${kind}:${number}`;
}

/** The tries as they are now. A clock that was set back gives none, and takes none. */
export function refill(state: TryState | undefined, rule: TryRule, nowMs: number): TryState {
  if (!state) return { left: rule.tries, atMs: nowMs };
  const back = Math.max(0, nowMs - state.atMs) / rule.backMs;
  return { left: Math.min(rule.tries, state.left + back), atMs: nowMs };
}

/** 0 where a try is left. */
export function waitOf({ left }: TryState, rule: TryRule): number {
  return left >= 1 ? 0 : Math.ceil((1 - left) * rule.backMs);
}

/** IPv6 addresses count by their network: a household has more of them than there are buckets. */
export function addressGroup(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head.split(":").filter((part) => part !== "");
  const right = tail.split(":").filter((part) => part !== "");
  const zeros = address.includes("::") ? 8 - left.length - right.length : 0;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right].slice(0, 4).join(":");
}
