/** Which address outside an account needs to be allowed. Pure. */
import { CATALOGUE } from "../../src/adapters/catalogue.ts";

/** An account as it is asked for, or as it is listed. */
export interface AccountAddress {
  channel: string;
  apiBase?: string | undefined;
  /** Where the generic webhook posts answers to. */
  callback?: string | undefined;
}

/**
 * Undefined where it needs none. Public addresses are allowed anyway, but where the server reaches listed ones only:
 * there each account needs its platform's.
 */
export function originOf(account: AccountAddress, isListedOnly: boolean): string | undefined {
  const { channel, apiBase, callback } = account;
  const platform = CATALOGUE.find((entry) => entry.channel === channel)?.origin;
  const address = isListedOnly ? (callback ?? apiBase ?? platform) : apiBase;
  return address !== undefined && URL.canParse(address) ? new URL(address).origin : undefined;
}
