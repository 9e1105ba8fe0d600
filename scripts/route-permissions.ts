/** Every route of both addresses with the permission that it states. */
import type { Hono } from "hono";
import { listRoutesOf, type PermissionOf, type StatedRoute } from "./route-list.ts";

export interface SurfaceRoute extends StatedRoute {
  surface: "public" | "admin";
}

/** By address and not by name: the Worker is of other types than the host, and the compiler must not mix them. */
async function load<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, import.meta.url).href)) as Module; // what it exports stands at each call
}

const { adminApp, publicApp, siteApp } =
  await load<Record<"adminApp" | "publicApp" | "siteApp", Hono>>("../src/app.ts");
const { permissionOf } = await load<{ permissionOf: PermissionOf }>("../src/http/permission.ts");

export function listRoutes(): SurfaceRoute[] {
  return [
    ...[publicApp, siteApp]
      .flatMap((app) => listRoutesOf(app, permissionOf))
      .map((route) => ({ surface: "public", ...route })),
    ...listRoutesOf(adminApp, permissionOf).map((route) => ({ surface: "admin", ...route })),
  ] as SurfaceRoute[]; // the two literals above
}
