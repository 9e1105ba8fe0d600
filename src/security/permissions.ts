/** Who may do what: one table, denied by default. Everything that acts for a person asks here. Pure. */
import type { ApiScope } from "../core/api-keys.ts";
import { AppError } from "../core/errors.ts";
import { PERMISSIONS, type Permission, ROLES, type Role } from "../core/roles.ts";

const EVERYBODY = ROLES;
const KNOWN = ["owner", "admin", "operator", "auditor", "member"] as const;
const RUNNERS = ["owner", "admin", "operator"] as const;
const WATCHERS = ["owner", "admin", "operator", "auditor"] as const;
const ADMINS = ["owner", "admin"] as const;
const OWNER = ["owner"] as const;

const TABLE: Readonly<Record<Permission, readonly Role[]>> = {
  "chat:use": EVERYBODY,
  "chat:erase": EVERYBODY,
  "chat:link": EVERYBODY,
  "api:chat": KNOWN,
  "api:embed": KNOWN,
  "model:read": EVERYBODY,
  "model:choose": KNOWN,
  "model:test": RUNNERS,
  "memory:use": KNOWN,
  "reminder:use": EVERYBODY,
  "file:send": EVERYBODY,
  "web:fetch": KNOWN,
  "flow:use": EVERYBODY,
  "flow:read": RUNNERS,
  "flow:write": RUNNERS,
  "handover:answer": RUNNERS,
  "data:own": EVERYBODY,
  "session:own": EVERYBODY,
  "session:manage": ADMINS,
  "status:read": WATCHERS,
  "account:read": WATCHERS,
  "account:write": ADMINS,
  "pairing:read": RUNNERS,
  "pairing:decide": RUNNERS,
  "person:read": WATCHERS,
  "person:write": ADMINS,
  "person:export": ADMINS,
  "person:erase": ADMINS,
  "apikey:read": WATCHERS,
  "apikey:write": ADMINS,
  "audit:read": ["owner", "admin", "auditor"],
  "audit:export": ["owner", "admin", "auditor"],
  "key:read": WATCHERS,
  "key:rotate": ADMINS,
  "backup:read": WATCHERS,
  "backup:write": RUNNERS,
  "owner:enrol": OWNER,
  "owner:speak": OWNER,
  "host:report": OWNER,
};

const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(TABLE).map(([permission, roles]) => [permission, new Set<string>(roles)]),
);

/** False for a role or a permission that is in no table, whatever a row or a call says of itself. */
export function isAllowed(role: Role, permission: Permission): boolean {
  return ALLOWED.get(permission)?.has(role) ?? false;
}

/** Throws permission/denied. */
export function verifyAllowed(role: Role, permission: Permission): void {
  if (isAllowed(role, permission)) return;
  throw new AppError("permission/denied", {
    detail: `Your role (${role}) may not ${PERMISSIONS[permission]}.`,
  });
}

/** What each scope of an API key lets it do. A key never has more than its person: the role is asked as well. */
export const SCOPES: Readonly<Record<Exclude<ApiScope, "admin">, Permission>> = {
  chat: "api:chat",
  models: "model:read",
  embeddings: "api:embed",
};

/** What no key may do, whatever its scopes: to become the owner, to speak as him, and to be the host. */
const NEVER_BY_KEY = /^(?:owner|host):/;

/** Throws apikey/out_of_scope. */
export function verifyScope(scopes: readonly ApiScope[], permission: Permission): void {
  const named = Object.entries(SCOPES).find(([, gives]) => gives === permission)?.[0];
  const needed = named ?? (NEVER_BY_KEY.test(permission) ? undefined : "admin");
  if (scopes.some((scope) => scope === needed)) return;
  throw new AppError("apikey/out_of_scope", {
    detail:
      needed === undefined
        ? "No API key may do that."
        : `This API key has not the scope "${needed}".`,
  });
}
