/** Adds the floor to the workerd config of a box: one more service with its own objects, and one more socket. Pure. */

export interface FloorSocket {
  /** Bundle of floor.worker.ts, relative to the config file. */
  embed: string;
  port: number;
}

export function addFloor(config: string, { embed, port }: FloorSocket): string {
  const service = `(name = "floor", worker = (
        modules = [(name = "floor.js", esModule = embed ${JSON.stringify(embed)})],
        compatibilityDate = "2026-11-01",
        globalOutbound = "nowhere",
        bindings = [(name = "FLOOR", durableObjectNamespace = "FloorObject")],
        durableObjectNamespaces = [(className = "FloorObject", uniqueKey = "floor", enableSql = true)],
        durableObjectStorage = (localDisk = "storage")))`;
  const socket = `(name = "floor", address = "127.0.0.1:${port}", http = (), service = "floor")`;
  return insertFirst(insertFirst(config, "services", service), "sockets", socket);
}

function insertFirst(config: string, list: string, item: string): string {
  const start = `${list} = [\n`;
  if (!config.includes(start)) throw new Error(`The config has no list of ${list}.`);
  return config.replace(start, () => `${start}    ${item},\n`);
}
