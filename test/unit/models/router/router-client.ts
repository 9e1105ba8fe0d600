/** A router over fake servers, and what it reported. */

import type { RoutedServer } from "../../../../src/models/router/routed-server.ts";
import {
  Router,
  type RouterEvent,
  type RouterOptions,
} from "../../../../src/models/router/router.ts";
import { createClient, createOpenAiClient, GIB } from "../chat-client.ts";

export type Kind = "ollama" | "openai";

const CREATORS = { ollama: createClient, openai: createOpenAiClient };

export function serverAt(
  url: string,
  name = "main",
  kind: Kind = "ollama",
  place: RoutedServer["place"] = "box",
): RoutedServer {
  const server = CREATORS[kind](url);
  return { name, place, server, calls: server };
}

export interface WatchedRouter {
  router: Router;
  events: RouterEvent[];
  /** Moves the router's clock; the servers' stays. */
  later(ms: number): void;
}

export function createRouter(
  servers: RouterOptions["servers"],
  options: Partial<RouterOptions> & {
    model?: string;
    aliases?: Partial<Record<string, string>>;
  } = {},
): WatchedRouter {
  const { model = "auto", aliases = {}, ...rest } = options;
  const events: RouterEvent[] = [];
  let skippedMs = 0;
  const router = new Router({
    servers,
    names: { model, aliases: { fast: "", smart: "", vision: "", ...aliases } },
    fallbacks: [],
    small: "",
    memoryBytes: 16 * GIB,
    nowMs: () => Date.now() + skippedMs,
    report: (event) => events.push(event),
    ...rest,
  });
  return {
    router,
    events,
    later: (ms) => {
      skippedMs += ms;
    },
  };
}
