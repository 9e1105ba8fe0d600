/** What was set for one person beside the role: grants of channels and models, and limits of one's own. Pure. */
import { type AccountKey, parseAccountKey } from "./ids.ts";
import type { QuotaName } from "./quotas.ts";

export const GRANT_KINDS = ["channel", "model"] as const;

export type GrantKind = (typeof GRANT_KINDS)[number];

/** Of one person and one kind. */
export const MAX_GRANTS = 32;

/** A list that is absent allows all; one that is there allows what it names, and nothing else. */
export interface PersonAccess {
  /** Channels (`telegram`) and accounts (`telegram:main`). */
  channels?: readonly string[];
  /** Names of models, and aliases. */
  models?: readonly string[];
  /** Null: no limit. */
  limits?: Readonly<Partial<Record<QuotaName, number | null>>>;
}

export function mayUseChannel(access: PersonAccess | undefined, account: AccountKey): boolean {
  const granted = access?.channels;
  return (
    granted === undefined ||
    granted.includes(account) ||
    granted.includes(parseAccountKey(account).channel)
  );
}
