/** docs/permissions.md: roles, what each may do, and where that is asked. Pure. */

import { DEFAULT_QUOTAS, QUOTA_NAMES, QUOTAS } from "../src/core/quotas.ts";
import { PERMISSIONS, type Permission, ROLES } from "../src/core/roles.ts";
import { isAllowed, SCOPES } from "../src/security/permissions.ts";
import { TOOLS, WEB_TOOLS } from "../src/tools/registry.ts";
import { COMMAND_NAMES, permissionOf } from "../src/turn/commands.ts";
import { MADE, table } from "./markdown-table.ts";
import { listRoutes, type SurfaceRoute } from "./route-permissions.ts";

function marks(permission: Permission): string[] {
  return ROLES.map((role) => (isAllowed(role, permission) ? "✓" : ""));
}

function code(text: string): string {
  return `\`${text}\``;
}

function renderMatrix(): string {
  const names = Object.entries(PERMISSIONS) as [Permission, string][]; // Object.entries widens the keys to string
  const rows = names.map(([name, what]) => [code(name), what, ...marks(name)]);
  return table(["Permission", "Lets a person", ...ROLES], rows);
}

function renderRoutes(surface: SurfaceRoute["surface"]): string {
  const rows = listRoutes()
    .filter((route) => route.surface === surface)
    .map(({ method, path, permission }) => [
      code(`${method} ${path}`),
      permission === undefined || permission === "public" ? "open" : code(permission),
      ...(permission === undefined || permission === "public"
        ? ROLES.map(() => "✓")
        : marks(permission)),
    ]);
  return table(["Route", "Permission", ...ROLES], rows);
}

function renderCommands(): string {
  const rows = COMMAND_NAMES.map((name) => {
    const permission = permissionOf({ name }) ?? "chat:use";
    return [code(`/${name}`), code(permission), ...marks(permission)];
  });
  return table(["Command", "Permission", ...ROLES], rows);
}

function renderTools(): string {
  const rows = [...TOOLS, ...WEB_TOOLS].map(({ spec, permission }) => [
    code(spec.name),
    code(permission),
    ...marks(permission),
  ]);
  return table(["Tool", "Permission", ...ROLES], rows);
}

function renderLimits(): string {
  const rows = QUOTA_NAMES.map((name) => [
    code(name),
    QUOTAS[name],
    ...ROLES.map((role) => String(DEFAULT_QUOTAS[role][name] ?? "none")),
  ]);
  return table(["Limit", "Counts", ...ROLES], rows);
}

export function renderPermissions(): string {
  const scopes = Object.entries(SCOPES).map(([scope, gives]) => [code(scope), code(gives)]);
  return `${MADE}

# Roles and permissions

Everybody who speaks to this box has one role. A role has the permissions of this table and no others; what a route, a chat command or a
tool asks for stands below, and \`src/security/permissions.ts\` is the one place where it is checked.
\`npx rockpool person list\` shows who has which role, and \`npx rockpool person role\` changes one. Whoever can open the admin socket in the data folder, as the \`rockpool\` command
does, is the owner.

- **owner**: whose box it is. There is always one.
- **admin**: runs the box for the owner: accounts, people, keys.
- **operator**: keeps it going: flows, pairings, backups.
- **auditor**: a member who may see how the box fares and read the audit log.
- **member**: somebody who was let in, by pairing or by an allow-list.
- **guest**: somebody who came in by an account with \`--access open\`, whom nobody let in.

## Permissions

${renderMatrix()}

## Routes of the public address

"open": whoever calls; a signature, a one-time token or the lack of anything to hide stands in place of a role. What comes in by a webhook
is asked for \`chat:use\` once its sender is known.

${renderRoutes("public")}

## Routes of the admin socket

${renderRoutes("admin")}

## Chat commands

${renderCommands()}

## Tools of the model

A tool is offered to the model only where the person who speaks may use it.

${renderTools()}

## Limits

What each role has of the box; "none" is no limit. Days are those of the box's time zone, minutes slide. \`ROCKPOOL_QUOTAS\` changes the
limits of roles, \`npx rockpool person limit\` those of one person. Who reaches one is told so once, and when it goes on; programs get 429 with
\`Retry-After\`. Commands that need no model are not counted.

${renderLimits()}

## Scopes of API keys

A key has the permissions of its scopes, and never one that its person has not.

${table(["Scope", "Permission"], scopes)}
`;
}
