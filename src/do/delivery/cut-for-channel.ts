/** A text in the pieces that an account's channel takes. */
import { findAdapter } from "../../adapters/registry.ts";
import { splitMarkdown } from "../../adapters/split.ts";
import { type AccountKey, parseAccountKey } from "../../core/ids.ts";

/** Longest message of a channel that this version does not know. */
const DEFAULT_TEXT_UNITS = 2_000;

export function cutForChannel(account: AccountKey, markdown: string): string[] {
  const { channel } = parseAccountKey(account);
  const units = findAdapter(channel)?.capabilities.maxTextUnits ?? DEFAULT_TEXT_UNITS;
  return splitMarkdown(markdown, units);
}
