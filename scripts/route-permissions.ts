/** Every route of both addresses with the permission that it states, read from Hono's own tables. */
import type { Hono } from "hono";
import type { Permission } from "../src/core/roles.ts";

/** As http/permission.ts has it. */
type StatedPermission = Permission | "public";

/** By address and not by name: the Worker is of other types than the host, and the compiler must not mix them. */
async function load<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, import.meta.url).href)) as Module; // what it exports stands at each call
}

const { adminApp, publicApp } = await load<{ adminApp: Hono; publicApp: Hono }>("../src/app.ts");
const { permissionOf } = await load<{
  permissionOf(handler: object): StatedPermission | undefined;
}>("../src/http/permission.ts");

export interface StatedRoute {
  surface: "public" | "admin";
  method: string;
  path: string;
  /** Undefined where the route states none: a fault, which a test looks for. */
  permission: StatedPermission | undefined;
}

/** Hono wraps the handlers of a sub-app that has an error handler of its own, and leaves them under this name. */
const WRAPPED = "__COMPOSED_HANDLER";

function unwrap(handler: object): object {
  const inner: unknown = Reflect.get(handler, WRAPPED);
  return typeof inner === "function" ? unwrap(inner) : handler;
}

/** What answers takes the context; what only stands before it takes `next`, too. */
function isAnswer(handler: object): boolean {
  return typeof handler === "function" && handler.length < 2;
}

function listOf(surface: StatedRoute["surface"], app: Hono): StatedRoute[] {
  const byPlace = new Map<string, object[]>();
  for (const { method, path, handler } of app.routes) {
    const place = `${method} ${path}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), unwrap(handler)]);
  }
  return [...byPlace].flatMap(([place, handlers]) => {
    if (!handlers.some(isAnswer)) return [];
    const [method = "", path = ""] = place.split(" ");
    const permission = handlers.map(permissionOf).find((stated) => stated !== undefined);
    return [{ surface, method, path, permission }];
  });
}

export function listRoutes(): StatedRoute[] {
  return [...listOf("public", publicApp), ...listOf("admin", adminApp)];
}
