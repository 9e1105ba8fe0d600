/** Every route with every role, from Hono's own table: who is allowed passes the check, and nobody else does. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { beforeAll, describe, it } from "vitest";
import { listRoutesOf, type StatedRoute } from "../../scripts/route-list.ts";
import { adminApp, adminListenerApp, publicApp, siteApp } from "../../src/app.ts";
import { isAppError } from "../../src/core/errors.ts";
import { ROLES, type Role } from "../../src/core/roles.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import type { HttpEnv } from "../../src/http/middleware.ts";
import { permissionOf } from "../../src/http/permission.ts";
import { admin } from "../../src/routes/admin.ts";
import { isAllowed } from "../../src/security/permissions.ts";
import { sql } from "../support/directory.ts";
import { env } from "../support/integration.ts";
import { createPeopleOfAllRoles, type RolePerson } from "../support/people-of-all-roles.ts";

let people: RolePerson[];

beforeAll(async () => {
  people = await createPeopleOfAllRoles();
});

const DENIED =
  /^(permission\/denied|http\/unauthorized|apikey\/(invalid|out_of_scope)|invalid_api_key)$/;

/** Values that lead to nothing that exists, so that an allowed call changes nothing. */
function fill(path: string): string {
  return path
    .replace(/:\w+\{approve\|deny\}/, "deny")
    .replace(/:\w+\{\[0-9\]\{[^}]*\}\}/, "9999")
    .replace(/:\w+\{\[0-9a-f-\]\{36\}\}/, "00000000-0000-4000-8000-000000000000")
    .replace(/:\w+(\{[^}]*\})?/g, "nothing")
    .replace("*", "nothing");
}

function methodOf({ method }: StatedRoute): string {
  return method === "ALL" ? "POST" : method;
}

function initOf(route: StatedRoute): RequestInit {
  const method = methodOf(route);
  return method === "GET" || method === "DELETE" ? { method } : { method, body: "{}" };
}

interface Outcome {
  status: number;
  /** Of a refusal that the check made. */
  denied: string | undefined;
}

async function outcomeOf(response: Response): Promise<Outcome> {
  const { status } = response;
  const isProblem = response.headers.get("content-type")?.includes("json") && status >= 400;
  if (!isProblem) {
    await response.body?.cancel();
    return { status, denied: undefined };
  }
  const body: { code?: string; error?: { code: string } } = await response.json();
  const code = body.code ?? body.error?.code ?? "";
  return { status, denied: DENIED.test(code) ? code : undefined };
}

async function callPublic(route: StatedRoute, person: RolePerson): Promise<Outcome> {
  const path = fill(route.path);
  const init = initOf(route);
  if (!path.startsWith("/v1/")) return outcomeOf(await person.browser.call(path, init));
  const context = createExecutionContext();
  const headers = { authorization: `Bearer ${person.apiKey}`, "content-type": "application/json" };
  const request = new Request(`https://box.example${path}`, { ...init, headers });
  const outcome = await outcomeOf(await publicApp.fetch(request, env, context));
  await waitOnExecutionContext(context);
  return outcome;
}

/** The admin routes with a caller who signed in, in place of the socket's owner. */
async function callAdmin(route: StatedRoute, role: Role | undefined): Promise<Outcome> {
  const app = new Hono<HttpEnv>();
  app.use(async (c, next) => {
    c.set("requestId", crypto.randomUUID());
    if (role) c.set("role", role);
    await next();
  });
  app.onError((error, c) =>
    isAppError(error)
      ? c.json({ code: error.code }, error.code === "permission/denied" ? 403 : 400)
      : c.json({ code: "http/internal" }, 500),
  );
  app.route("/", admin);
  const context = createExecutionContext();
  const init = { ...initOf(route), headers: { "content-type": "application/json" } };
  const request = new Request(`http://admin${fill(route.path)}`, init);
  const outcome = await outcomeOf(await app.fetch(request, env, context));
  await waitOnExecutionContext(context);
  return outcome;
}

/** What ends the session comes last. */
const publicRoutes = [publicApp, siteApp]
  .flatMap((app) => listRoutesOf(app, permissionOf))
  .sort((one, other) => Number(isEnd(one)) - Number(isEnd(other)));
const adminRoutes = listRoutesOf(adminApp, permissionOf);

function isEnd({ path }: StatedRoute): boolean {
  return path.endsWith("/sign-out");
}

function nameOf({ method, path }: StatedRoute): string {
  return `${method} ${path}`;
}

function isRoleAllowed(role: Role, { permission }: StatedRoute): boolean {
  return permission === "public" || (permission !== undefined && isAllowed(role, permission));
}

describe("every public route", () => {
  it.for(publicRoutes.map((route) => [nameOf(route), route] as const))(
    "lets whom the table allows pass, and nobody else: %s",
    async ([, route], { expect }) => {
      expect(route.permission).toBeDefined();
      for (const person of people) {
        const { status, denied } = await callPublic(route, person);
        if (isRoleAllowed(person.role, route)) expect(denied, person.role).toBeUndefined();
        else expect([status, denied], person.role).toEqual([403, "permission/denied"]);
      }
    },
  );

  it("that states a permission answers nobody who is not signed in", async ({ expect }) => {
    for (const route of publicRoutes.filter(({ permission }) => permission !== "public")) {
      const init = { ...initOf(route), headers: { origin: "https://box.example" } };
      const request = new Request(`https://box.example${fill(route.path)}`, init);
      const response = await publicApp.fetch(request, env, createExecutionContext());
      expect(response.status, nameOf(route)).toBe(401);
      await response.body?.cancel();
    }
  });
});

describe("every admin route", () => {
  it.for(adminRoutes.map((route) => [nameOf(route), route] as const))(
    "lets whom the table allows pass, and nobody else: %s",
    async ([, route], { expect }) => {
      expect(route.permission).not.toBe("public");
      for (const role of ROLES) {
        const { status, denied } = await callAdmin(route, role);
        if (isRoleAllowed(role, route)) expect(denied, role).toBeUndefined();
        else expect([status, denied], role).toEqual([403, "permission/denied"]);
      }
      expect((await callAdmin(route, undefined)).denied).toBe("http/unauthorized");
    },
  );

  it("refuses a member each and every one", async ({ expect }) => {
    const passed: string[] = [];
    for (const route of adminRoutes)
      if ((await callAdmin(route, "member")).denied !== "permission/denied")
        passed.push(nameOf(route));
    expect(adminRoutes.length).toBeGreaterThan(25);
    expect(passed).toEqual([]);
  });
});

describe("an admin", () => {
  const OWNERS_OWN: [what: string, method: string, path: string][] = [
    ["export what the owner said", "GET", "/people/:owner/export"],
    ["erase the owner", "POST", "/people/:owner/erase"],
    ["remove the owner", "DELETE", "/people/:owner"],
    ["see where the owner is signed in", "GET", "/sign-ins/:owner"],
    ["sign the owner out", "DELETE", "/sign-ins/:owner"],
    ["make a link that signs the owner in", "POST", "/owner-link"],
  ];

  it.for(OWNERS_OWN)("may not %s", async ([, method, path], { expect }) => {
    const owner = people.find(({ role }) => role === "owner");
    if (!owner) throw new Error("There is no owner.");
    const route = { method, path: path.replace(":owner", owner.personId), permission: undefined };
    const { status } = await callAdmin(route, "admin");
    expect(status).toBeGreaterThanOrEqual(400);
    expect(await openDirectory(env).person(owner.personId)).toMatchObject({ role: "owner" });
  });
});

/** Over the listener, by the API key of whoever has this role: it has all scopes. */
async function callByKey(role: Role, method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${personOf(role).apiKey}` };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const context = createExecutionContext();
  const request = new Request(`https://box.example${path}`, init);
  const outcome = await outcomeOf(await adminListenerApp.fetch(request, env, context));
  await waitOnExecutionContext(context);
  return [outcome.status, outcome.denied];
}

function personOf(wanted: Role): RolePerson {
  const person = people.find(({ role }) => role === wanted);
  if (!person) throw new Error(`There is no ${wanted}.`);
  return person;
}

describe("an API key", () => {
  it("of the owner that administrates makes and unmakes no owner, no admin and no further key of either", async ({
    expect,
  }) => {
    const [guest, admin] = [personOf("guest").personId, personOf("admin").personId];
    const become = (role: Role) => ({ what: "role", role });
    const denied = [403, "permission/denied"];
    for (const role of ["owner", "admin"] as const)
      expect(await callByKey("owner", "POST", `/people/${guest}`, become(role))).toEqual(denied);
    expect(await callByKey("owner", "POST", `/people/${admin}`, become("guest"))).toEqual(denied);
    expect(await callByKey("owner", "DELETE", `/people/${admin}`)).toEqual(denied);
    expect(await callByKey("owner", "POST", `/people/${admin}/erase`)).toEqual(denied);
    const outOfScope = [403, "apikey/out_of_scope"];
    for (const key of [
      { name: "mine", scopes: ["chat"] },
      { name: "hers", scopes: ["admin"], person: guest },
    ])
      expect(await callByKey("owner", "POST", "/api-keys", key)).toEqual(outOfScope);
    expect(await callByKey("owner", "POST", `/people/${guest}`, become("auditor"))).toEqual([
      200,
      undefined,
    ]);
    expect(await callByKey("owner", "POST", `/people/${guest}`, become("guest"))).toEqual([
      200,
      undefined,
    ]);
    expect(await openDirectory(env).person(admin)).toMatchObject({ role: "admin" });
  });

  it("is out at once when it is revoked, also while the audit log cannot be told", async ({
    expect,
  }) => {
    const directory = openDirectory(env);
    const { key } = await directory.createApiKey({ name: "brief", scopes: ["models"] });
    const headers = { authorization: `Bearer ${key}` };
    // Whether a model server answers there does not matter.
    const refusal = async () => {
      const request = new Request("https://box.example/v1/models", { headers });
      const outcome = await outcomeOf(
        await publicApp.fetch(request, env, createExecutionContext()),
      );
      return outcome.denied;
    };
    expect(await refusal()).toBeUndefined();
    await sql(directory, "INSERT INTO audit_queue (event) VALUES ('torn')");
    const revoke = { method: "DELETE", path: "/api-keys/brief", permission: undefined };
    expect((await callAdmin(revoke, "owner")).status).toBe(500);
    await sql(directory, "DELETE FROM audit_queue WHERE event = 'torn'");
    expect(await refusal()).toBe("invalid_api_key");
  });
});

describe("a person who was granted one channel", () => {
  it("is refused at the API, and is what it was without the grant", async ({ expect }) => {
    const member = people.find(({ role }) => role === "operator");
    if (!member) throw new Error("There is no operator.");
    const history = { method: "GET", path: "/v1/models", permission: "model:read" } as const;
    const directory = openDirectory(env);
    const grant = { kind: "channel", value: "telegram" } as const;
    await directory.changePerson(member.personId, { what: "grant", ...grant }, "owner");
    forgetDirectory();
    expect(await callPublic(history, member)).toEqual({ status: 403, denied: "permission/denied" });
    await directory.changePerson(member.personId, { what: "revoke", ...grant }, "owner");
    forgetDirectory();
    expect((await callPublic(history, member)).denied).toBeUndefined();
  });
});
