/** The channels that this version serves, by name. */
import type { ChannelAdapter } from "./adapter.ts";
import { telegram } from "./telegram/index.ts";
import { web } from "./web/index.ts";
import { webhook } from "./webhook/index.ts";

const ADAPTERS: ReadonlyMap<string, ChannelAdapter> = new Map(
  [telegram, webhook, web].map((adapter) => [adapter.channel, adapter]),
);

/** Undefined for a channel that this version does not know. */
export function findAdapter(channel: string): ChannelAdapter | undefined {
  return ADAPTERS.get(channel);
}
