import { describe, it } from "vitest";
import { listRoutes } from "../../../scripts/route-permissions.ts";
import { API_SCOPES, USUAL_SCOPES } from "../../../src/core/api-keys.ts";
import { AppError } from "../../../src/core/errors.ts";
import { PERMISSIONS, type Permission, ROLES, type Role } from "../../../src/core/roles.ts";
import {
  isAllowed,
  SCOPES,
  verifyAllowed,
  verifyScope,
} from "../../../src/security/permissions.ts";
import { TOOLS, WEB_TOOLS } from "../../../src/tools/registry.ts";
import { COMMAND_NAMES, permissionOf } from "../../../src/turn/commands.ts";

const NAMES = Object.keys(PERMISSIONS) as Permission[];

function failureOf(work: () => void): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe("the table of permissions", () => {
  it("denies what it does not know: roles, permissions, and names of Object's own", ({
    expect,
  }) => {
    for (const role of ["", "root", "OWNER", "constructor", "__proto__"] as string[] as Role[])
      for (const permission of NAMES) expect(isAllowed(role, permission), role).toBe(false);
    for (const permission of [
      "",
      "chat:*",
      "*",
      "toString",
      "__proto__",
    ] as string[] as Permission[])
      for (const role of ROLES) expect(isAllowed(role, permission), permission).toBe(false);
  });

  it("gives the owner everything, and a guest nothing but talk", ({ expect }) => {
    expect(NAMES.filter((permission) => !isAllowed("owner", permission))).toEqual([]);
    expect(NAMES.filter((permission) => isAllowed("guest", permission))).toEqual([
      "chat:use",
      "chat:erase",
      "chat:link",
      "model:read",
      "reminder:use",
      "file:send",
      "flow:use",
      "data:own",
      "session:own",
    ]);
  });

  it("gives a member nothing of the box's own, and nobody else what is the owner's", ({
    expect,
  }) => {
    const ofTheBox = NAMES.filter((name) =>
      /^(status|account|pairing|person|apikey|audit|key|backup|owner|host|flow:(read|write)|handover|session:manage|model:test)/.test(
        name,
      ),
    );
    expect(ofTheBox.filter((name) => isAllowed("member", name))).toEqual([]);
    expect(NAMES.filter((name) => !isAllowed("admin", name))).toEqual([
      "owner:enrol",
      "owner:speak",
      "host:report",
    ]);
  });

  it("lets an auditor change nothing that a member may not", ({ expect }) => {
    const more = NAMES.filter((name) => isAllowed("auditor", name) && !isAllowed("member", name));
    expect(more.every((name) => /:(read|export)$/.test(name))).toBe(true);
  });

  it("throws a coded error that says what was not allowed", ({ expect }) => {
    const error = failureOf(() => verifyAllowed("guest", "memory:use"));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: "permission/denied",
      message: "Your role (guest) may not have things remembered, see them and erase them.",
    });
    expect(failureOf(() => verifyAllowed("member", "memory:use"))).toBeUndefined();
  });
});

describe("scopes of API keys", () => {
  it("give one permission each, and all others are out of scope", ({ expect }) => {
    for (const scope of USUAL_SCOPES)
      for (const permission of NAMES) {
        const error = failureOf(() => verifyScope([scope], permission));
        if (SCOPES[scope] === permission) expect(error).toBeUndefined();
        else expect(error, permission).toMatchObject({ code: "apikey/out_of_scope" });
      }
    expect(failureOf(() => verifyScope(["chat"], "model:read"))).toMatchObject({
      message: 'This API key has not the scope "models".',
    });
    expect(failureOf(() => verifyScope([...API_SCOPES], "owner:enrol"))).toMatchObject({
      message: "No API key may do that.",
    });
  });

  it("of administration give what the person's role does, but never the owner's and the host's own", ({
    expect,
  }) => {
    const given = NAMES.filter((name) => !failureOf(() => verifyScope(["admin"], name)));
    expect(given).toEqual(expect.arrayContaining(["status:read", "account:write", "key:rotate"]));
    for (const name of given) expect(name).not.toMatch(/^(?:owner|host|api):/);
    expect(failureOf(() => verifyScope(["chat"], "status:read"))).toMatchObject({
      message: 'This API key has not the scope "admin".',
    });
  });
});

describe("what asks for a permission", () => {
  it("is every route: one that states none is a fault", ({ expect }) => {
    const routes = listRoutes();
    expect(routes.length).toBeGreaterThan(35);
    const silent = routes.filter(({ permission }) => permission === undefined);
    expect(silent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it("is every route of the admin socket: none of them is open", ({ expect }) => {
    const open = listRoutes().filter(
      ({ surface, permission }) => surface === "admin" && permission === "public",
    );
    expect(open).toEqual([]);
  });

  it("is every chat command and every tool", ({ expect }) => {
    expect(COMMAND_NAMES.length).toBeGreaterThan(15);
    for (const name of COMMAND_NAMES) expect(NAMES, name).toContain(permissionOf({ name }));
    for (const tool of [...TOOLS, ...WEB_TOOLS])
      expect(NAMES, tool.spec.name).toContain(tool.permission);
  });
});
