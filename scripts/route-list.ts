/** The routes of an app with the permission that each states, read from Hono's own table. Pure. */
import type { Hono } from "hono";
import type { Permission } from "../src/core/roles.ts";

/** As http/permission.ts has it. */
export type StatedPermission = Permission | "public";

export type PermissionOf = (handler: object) => StatedPermission | undefined;

export interface StatedRoute {
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

export function listRoutesOf({ routes }: Pick<Hono, "routes">, permissionOf: PermissionOf) {
  const byPlace = new Map<string, object[]>();
  for (const { method, path, handler } of routes) {
    const place = `${method} ${path}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), unwrap(handler)]);
  }
  return [...byPlace].flatMap(([place, handlers]): StatedRoute[] => {
    if (!handlers.some(isAnswer)) return [];
    const [method = "", path = ""] = place.split(" ");
    const permission = handlers.map(permissionOf).find((stated) => stated !== undefined);
    return [{ method, path, permission }];
  });
}
