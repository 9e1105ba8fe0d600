/** Calls of the floor's routes, dealt out to so many objects. */
import type { Box } from "../bench.ts";
import { type Call, type LoadResult, runClosedLoop } from "../load.ts";
import type { Message } from "../messages.ts";

export type FloorRoute = "plain" | "write" | "write-with-alarm";

function floorCalls(route: FloorRoute, count: number, objects: number, body: Buffer): Call[] {
  return Array.from({ length: count }, (_, index) => ({
    path: route === "plain" ? "/plain" : `/${route}/${index % objects}`,
    body,
  }));
}

/** `message` is what is written: the bytes that a webhook call brings. Every object is awake before the time counts. */
export async function measureFloor(
  box: Box,
  route: FloorRoute,
  count: number,
  objects: number,
  { body }: Message,
): Promise<LoadResult> {
  await runClosedLoop(box.floor, floorCalls(route, objects, objects, body));
  return runClosedLoop(box.floor, floorCalls(route, count, objects, body));
}
