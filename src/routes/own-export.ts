/**
 * Where people take the copy of their own data, mounted at /api/export: a link of /export becomes a ticket when its page
 * is clicked on, and the ticket one download. Nothing happens by opening an address: both calls are POST.
 */
import { Hono } from "hono";
import * as v from "valibot";
import type { ExportTicket } from "../core/own-export.ts";
import { exchangeExportLink, openOwnExport } from "../do/person-data/own-export.ts";
import { actorOf } from "../http/actor.ts";
import {
  type HttpEnv,
  parseWith,
  readBody,
  readJson,
  requireSameOrigin,
} from "../http/middleware.ts";
import { openToAll } from "../http/permission.ts";
import { streamChunks } from "../http/stream-chunks.ts";

const MAX_BODY_BYTES = 1024;
const ARCHIVE_HEADERS = {
  "content-type": "application/x-tar",
  "content-disposition": 'attachment; filename="rockpool-export.tar"',
  "cache-control": "no-store",
};

const token = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const linkSchema = v.strictObject({ token });
const ticketSchema = v.strictObject({ ticket: token });

export const ownExport = new Hono<HttpEnv>()
  .post("/", openToAll, requireSameOrigin, async (c) => {
    c.header("cache-control", "no-store");
    const given = await readJson(c.req.raw, linkSchema, MAX_BODY_BYTES);
    return c.json<ExportTicket>({ ticket: await exchangeExportLink(c.env, given.token) });
  })
  // A form's, so that the browser saves the answer piece by piece. It tells no origin; the ticket is all that counts.
  .post("/archive", openToAll, async (c) => {
    const form = new TextDecoder().decode(await readBody(c.req.raw, MAX_BODY_BYTES));
    const { ticket } = parseWith(ticketSchema, Object.fromEntries(new URLSearchParams(form)));
    const archive = await openOwnExport(c.env, ticket, actorOf(c).ip);
    return c.body(streamChunks(archive), 200, ARCHIVE_HEADERS);
  });
