/**
 * The one place where a route's permission is stated and checked. Each route states one, or that it asks for none; the
 * test that walks all routes reads it back from here.
 */
import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../core/errors.ts";
import type { AccountKey } from "../core/ids.ts";
import { mayUseChannel } from "../core/person-access.ts";
import type { Permission, Role } from "../core/roles.ts";
import type { Speaker } from "../core/session-protocol.ts";
import { openDirectory } from "../do/directory/directory-client.ts";
import { verifyAllowed, verifyScope } from "../security/permissions.ts";
import type { HttpEnv } from "./middleware.ts";
import { verifyRate } from "./rate-limit.ts";

/** `public`: whoever calls, the route looks after itself (a signature, a one-time token, or nothing to hide). */
export type StatedPermission = Permission | "public";

const stated = new WeakMap<object, StatedPermission>();

/** What the route of this handler asks for; undefined where it states nothing. */
export function permissionOf(handler: object): StatedPermission | undefined {
  return stated.get(handler);
}

/** The role of who calls. Throws http/unauthorized for nobody. */
export function callerRole(c: Context<HttpEnv>): Role {
  const role = roleOf(c);
  if (role === undefined) throw new AppError("http/unauthorized");
  return role;
}

/**
 * As what the caller decides about others: an owner's key counts as an admin, so that no key that leaks makes owners,
 * admins or further keys that administrate. Throws http/unauthorized for nobody.
 */
export function callerRank(c: Context<HttpEnv>): Role {
  const role = callerRole(c);
  return role === "owner" && c.get("apiCaller") ? "admin" : role;
}

function roleOf(c: Context<HttpEnv>): Role | undefined {
  return c.get("speaker")?.role ?? c.get("apiCaller")?.speaker.role ?? c.get("role");
}

/** Throws http/unauthorized for nobody, permission/denied and apikey/out_of_scope. */
export function verifyCaller(c: Context<HttpEnv>, permission: Permission): void {
  const role = callerRole(c);
  const key = c.get("apiCaller");
  if (key) verifyScope(key.scopes, permission);
  verifyAllowed(role, permission);
}

/** Throws http/unauthorized for nobody, permission/denied, apikey/out_of_scope and rate/limited. Stands after who it is is known. */
export function requirePermission(permission: Permission): MiddlewareHandler<HttpEnv> {
  const check: MiddlewareHandler<HttpEnv> = async (c, next) => {
    verifyCaller(c, permission);
    const person = c.get("speaker") ?? c.get("apiCaller")?.speaker;
    if (person) verifyRate("person", person.personId);
    await next();
  };
  stated.set(check, permission);
  return check;
}

/** Throws permission/denied where the person was granted other channels than this account's. Part of who it is. */
export function verifyChannel({ access }: Speaker, account: AccountKey): void {
  if (mayUseChannel(access, account)) return;
  throw new AppError("permission/denied", {
    detail: "The owner of this box has not granted you this channel.",
  });
}

/** States of a route's one handler that it asks for no permission. */
export function stateOpen<Handler extends object>(handler: Handler): Handler {
  stated.set(handler, "public");
  return handler;
}

/** States that a route asks for no permission. */
export const openToAll: MiddlewareHandler<HttpEnv> = stateOpen((_c, next) => next());

/** Whoever can open the admin socket in the data folder is the owner. */
export const callAsOwner: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.set("role", "owner");
  // Nobody is kept from the socket because a name is missing in the log.
  const owner = await openDirectory(c.env)
    .onlyOwner()
    .catch(() => undefined);
  if (owner !== undefined) c.set("ownerId", owner);
  await next();
};
