/** API keys, as the rockpool command makes and revokes them. Part of the admin socket: mounted at /api-keys. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import type { CreateApiKey } from "../core/admin-protocol.ts";
import { API_SCOPES, MAX_CACHE_ANSWERS_MS, MIN_CACHE_ANSWERS_MS } from "../core/api-keys.ts";
import { AppError } from "../core/errors.ts";
import { NAME_PATTERN } from "../core/ids.ts";
import { forgetDirectory, openDirectory } from "../do/directory/directory-client.ts";
import { actorOf } from "../http/actor.ts";
import { type HttpEnv, readJson } from "../http/middleware.ts";
import { callerRank, requirePermission, verifyCaller } from "../http/permission.ts";
import { emit } from "../observability/emit.ts";

const MAX_BODY_BYTES = 16 * 1024;
const label = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

const createSchema = v.strictObject({
  name: v.pipe(v.string(), v.regex(NAME_PATTERN)),
  scopes: v.pipe(v.array(v.picklist(API_SCOPES)), v.minLength(1)),
  person: v.exactOptional(label),
  model: v.exactOptional(label),
  cacheAnswersMs: v.exactOptional(
    v.pipe(
      v.number(),
      v.safeInteger(),
      v.minValue(MIN_CACHE_ANSWERS_MS),
      v.maxValue(MAX_CACHE_ANSWERS_MS),
    ),
  ),
  expiresAtMs: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
}) satisfies v.GenericSchema<unknown, CreateApiKey>;

/** Throws permission/denied, apikey/out_of_scope: only an owner, and no key, makes keys of an owner or that administrate. */
async function verifyMayCreate(c: Context<HttpEnv>, request: CreateApiKey): Promise<void> {
  if (callerRank(c) === "owner") return;
  const { person, scopes } = request;
  const role =
    person === undefined ? "owner" : (await openDirectory(c.env).showPerson(person)).role;
  if (role === "owner" || scopes.includes("admin")) verifyCaller(c, "owner:enrol");
}

export const adminApiKeys = new Hono<HttpEnv>()
  .get("/", requirePermission("apikey:read"), async (c) =>
    c.json(await openDirectory(c.env).apiKeys()),
  )
  .post("/", requirePermission("apikey:write"), async (c) => {
    const request = await readJson(c.req.raw, createSchema, MAX_BODY_BYTES);
    if (request.expiresAtMs !== undefined && request.expiresAtMs <= Date.now())
      throw new AppError("http/bad_request", { detail: "The key would have expired already." });
    await verifyMayCreate(c, request);
    const scopes = API_SCOPES.filter((scope) => request.scopes.includes(scope));
    const created = await openDirectory(c.env).createApiKey({ ...request, scopes }, actorOf(c));
    emit({ type: "apikey:created", name: request.name });
    c.header("cache-control", "no-store");
    return c.json(created, 201);
  })
  .delete("/:name", requirePermission("apikey:write"), async (c) => {
    const name = c.req.param("name");
    try {
      await openDirectory(c.env).revokeApiKey(name, actorOf(c));
    } finally {
      // It is revoked also where its entry of the audit log has to wait.
      forgetDirectory();
    }
    emit({ type: "apikey:revoked", name });
    return c.json({ revoked: true });
  });
