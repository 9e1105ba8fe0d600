/**
 * The page and its two files. Known views answer the page, so that each has an address; anything else is not found.
 * Files keep their names from one version to the next: a browser asks each time and is told when nothing changed.
 */
import { Hono } from "hono";
import { RETURN_PATH, VIEW_PATHS } from "../core/console-views.ts";
import { AppError } from "../core/errors.ts";
import type { Env } from "../env.ts";
import { type HttpEnv, PAGE_POLICY } from "../http/middleware.ts";
import { openToAll } from "../http/permission.ts";

interface Asset {
  path: string;
  type: string;
}

const PAGE: Asset = { path: "/index.html", type: "text/html; charset=utf-8" };
const SCRIPT: Asset = { path: "/app.js", type: "text/javascript; charset=utf-8" };
const STYLE: Asset = { path: "/app.css", type: "text/css; charset=utf-8" };

async function etagOf(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `"${Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** Throws http/not_found where the console was not built. */
async function answerAsset(env: Env, request: Request, asset: Asset): Promise<Response> {
  const found = await env.ASSETS.fetch(`http://assets${asset.path}`);
  if (!found.ok) {
    await found.body?.cancel();
    throw new AppError("http/not_found", { detail: "The console's files are missing." });
  }
  const bytes = await found.arrayBuffer();
  const etag = await etagOf(bytes);
  const headers = {
    etag,
    "cache-control": "no-cache",
    "content-type": asset.type,
    "content-security-policy": PAGE_POLICY,
  };
  return request.headers.get("if-none-match") === etag
    ? new Response(null, { status: 304, headers })
    : new Response(bytes, { headers });
}

export const consolePages = new Hono<HttpEnv>()
  .get(SCRIPT.path, openToAll, (c) => answerAsset(c.env, c.req.raw, SCRIPT))
  .get(STYLE.path, openToAll, (c) => answerAsset(c.env, c.req.raw, STYLE));

for (const path of [...Object.values(VIEW_PATHS), RETURN_PATH])
  consolePages.get(path, openToAll, (c) => answerAsset(c.env, c.req.raw, PAGE));
