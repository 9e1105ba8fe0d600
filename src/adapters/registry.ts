/** The channels that this version serves, by name. */
import type { ChannelAdapter } from "./adapter.ts";
import { createLocalChannel } from "./local.ts";
import { telegram } from "./telegram/index.ts";
import { webhook } from "./webhook/index.ts";

const web = createLocalChannel("web", "The chat page that this server shows at its own address.");
const api = createLocalChannel(
  "api",
  "Programs that use the OpenAI-compatible API with a session.",
);

const ADAPTERS: ReadonlyMap<string, ChannelAdapter> = new Map(
  [telegram, webhook, web, api].map((adapter) => [adapter.channel, adapter]),
);

/** Undefined for a channel that this version does not know. */
export function findAdapter(channel: string): ChannelAdapter | undefined {
  return ADAPTERS.get(channel);
}
