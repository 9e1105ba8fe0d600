/**
 * The Worker under `wrangler dev`: the same one, and under /__admin/ what a box serves on its admin socket. Never part of a
 * deployment: wrangler.toml's entry is src/index.ts. Answers only to the token that `rockpool dev` has made.
 */

import type { Env } from "../src/env.ts";
import worker, { Admin } from "../src/index.ts";

// Every class of the entry: one that is missing here would keep `rockpool dev` from starting.
export * from "../src/index.ts";

interface DevEnv extends Env {
  /** From .dev.vars; 64 hexadecimal digits. */
  DEV_ADMIN_TOKEN?: string;
}

const PREFIX = "/__admin";

export default {
  fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(`${PREFIX}/`)) return worker.fetch(request, env, ctx);
    if (!isAllowed(request, env.DEV_ADMIN_TOKEN)) return new Response(null, { status: 404 });
    url.pathname = url.pathname.slice(PREFIX.length);
    return new Admin(ctx, env).fetch(new Request(url, request));
  },
} satisfies ExportedHandler<DevEnv>;

function isAllowed(request: Request, token: string | undefined): boolean {
  const given = new TextEncoder().encode(request.headers.get("x-rockpool-dev-token") ?? "");
  const expected = new TextEncoder().encode(token ?? "");
  return (
    expected.length === 64 &&
    given.length === expected.length &&
    crypto.subtle.timingSafeEqual(given, expected)
  );
}
