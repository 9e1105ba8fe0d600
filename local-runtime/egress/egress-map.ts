/**
 * What a workerd config lets out, and through what: every service that a socket reaches, every binding of each, and what
 * those reach in turn. It reads the config as workerd does, with workerd's own defaults, and not as it was meant. What it
 * does not know counts as a way out.
 */
import { type CapnpStruct, type CapnpValue, isStruct } from "../workerd-config/capnp-text.ts";

export interface WayOut {
  /** The service that has it, and the binding; several where more than one has. */
  from: string[];
  /** `network`: any address of that kind. `external`: one address. `unknown`: something that this program does not know. */
  kind: "network" | "external" | "unknown";
  to: string;
  encrypted: boolean;
}

export interface Place {
  service: string;
  path: string;
  writable: boolean;
}

export interface EgressMap {
  /** Who can begin: the sockets that listen. */
  sockets: { name: string; address: string; service: string }[];
  waysOut: WayOut[];
  /** Folders that a service reads or writes. */
  places: Place[];
  /** Services that no socket reaches. */
  unused: string[];
}

/** workerd has this service even where the config names none: every public address. */
const IMPLICIT_INTERNET = "internet";

/** Bindings that hold a value and reach nothing. */
const VALUES: ReadonlySet<string> = new Set([
  "text",
  "data",
  "json",
  "wasmModule",
  "cryptoKey",
  "fromEnvironment",
  "memoryCache",
]);

/** Bindings that lead to a service. */
const DESIGNATORS: ReadonlySet<string> = new Set([
  "service",
  "durableObjectClass",
  "kvNamespace",
  "r2Bucket",
  "queue",
  "analyticsEngine",
]);

/** Fields of a Worker that say how it runs; all others are looked through or count as a way out. */
const INWARD: ReadonlySet<string> = new Set([
  "modules",
  "serviceWorkerScript",
  "compatibilityDate",
  "compatibilityFlags",
  "durableObjectUniqueKeyModifier",
]);

/** Fields of a config that lead nowhere by themselves. */
const TOP: ReadonlySet<string> = new Set(["services", "sockets", "logging", "structuredLogging"]);

interface Walk {
  services: ReadonlyMap<string, CapnpStruct>;
  seen: Set<string>;
  ways: Map<string, WayOut>;
  places: Place[];
}

/** Pure. `config` is the constant of a config file. */
export function mapEgress(config: CapnpStruct): EgressMap {
  const services = new Map(
    structsOf(config.fields.get("services")).map((service) => [textOf(service, "name"), service]),
  );
  const sockets = structsOf(config.fields.get("sockets")).map((socket) => ({
    name: textOf(socket, "name"),
    address: textOf(socket, "address"),
    service: designated(socket.fields.get("service")),
  }));
  const walk: Walk = { services, seen: new Set(), ways: new Map(), places: [] };
  for (const { name, service } of sockets) visit(walk, service, `socket ${name}`);
  for (const field of config.fields.keys())
    if (!TOP.has(field)) addWay(walk, "config", unknownWay(`the setting ${field}`));
  return {
    sockets,
    waysOut: [...walk.ways.values()],
    places: walk.places,
    unused: [...services.keys()].filter((name) => !walk.seen.has(name)),
  };
}

/** A service as it is reached from one place. */
function visit(walk: Walk, name: string, from: string): void {
  const service = walk.services.get(name);
  if (!service) {
    if (name === IMPLICIT_INTERNET) addWay(walk, from, publicNetwork());
    else addWay(walk, from, unknownWay(`a service "${name}" that the config does not have`));
    return;
  }
  for (const way of waysOf(service)) addWay(walk, from, way);
  if (walk.seen.has(name)) return;
  walk.seen.add(name);
  const disk = service.fields.get("disk");
  if (disk !== undefined) walk.places.push(placeOf(name, disk));
  const worker = service.fields.get("worker");
  if (isStruct(worker)) visitWorker(walk, name, worker);
}

type Visitor = (walk: Walk, worker: string, value: CapnpValue) => void;

const VISITORS: Readonly<Record<string, Visitor>> = {
  globalOutbound: (walk, worker, value) => visit(walk, designated(value), `${worker}: fetch`),
  cacheApiOutbound: (walk, worker, value) => visit(walk, designated(value), `${worker}: cache`),
  tails: visitTails,
  streamingTails: visitTails,
  bindings: (walk, worker, value) => {
    for (const binding of structsOf(value)) visitBinding(walk, worker, binding);
  },
  durableObjectStorage: visitStorage,
  durableObjectNamespaces: visitNamespaces,
};

function visitWorker(walk: Walk, name: string, worker: CapnpStruct): void {
  if (!worker.fields.has("globalOutbound")) visit(walk, IMPLICIT_INTERNET, `${name}: fetch`);
  for (const [field, value] of worker.fields) {
    if (INWARD.has(field)) continue;
    const visitor = Object.hasOwn(VISITORS, field) ? VISITORS[field] : undefined;
    if (visitor) visitor(walk, name, value);
    else addWay(walk, name, unknownWay(`the setting ${field}`));
  }
}

function visitTails(walk: Walk, name: string, tails: CapnpValue): void {
  for (const tail of listOf(tails)) visit(walk, designated(tail), `${name}: tail`);
}

function visitStorage(walk: Walk, name: string, storage: CapnpValue): void {
  const disk = isStruct(storage) ? storage.fields.get("localDisk") : undefined;
  if (disk !== undefined) visit(walk, designated(disk), `${name}: storage`);
}

/** An object may have a container, with a network of its own. */
function visitNamespaces(walk: Walk, name: string, namespaces: CapnpValue): void {
  for (const namespace of structsOf(namespaces))
    if (namespace.fields.has("container"))
      addWay(walk, `${name}: ${textOf(namespace, "className")}`, unknownWay("a container"));
}

function visitBinding(walk: Walk, service: string, binding: CapnpStruct): void {
  const from = `${service}: ${textOf(binding, "name")}`;
  for (const [field, value] of binding.fields) {
    if (field === "name" || VALUES.has(field)) continue;
    if (DESIGNATORS.has(field)) visit(walk, designated(value), from);
    else if (field === "durableObjectNamespace") visitObjects(walk, from, value);
    else if (field === "wrapped" && isStruct(value))
      for (const inner of structsOf(value.fields.get("innerBindings")))
        visitBinding(walk, `${from} (${textOf(value, "moduleName")})`, inner);
    else addWay(walk, from, unknownWay(`a binding of the kind ${field}`));
  }
}

/** A class of this Worker by its name alone, or one of another service. */
function visitObjects(walk: Walk, from: string, designator: CapnpValue): void {
  const service = isStruct(designator) ? textOf(designator, "serviceName") : "";
  if (service !== "") visit(walk, service, from);
}

function addWay(walk: Walk, from: string, way: Omit<WayOut, "from">): void {
  const key = JSON.stringify([way.kind, way.to, way.encrypted]);
  const known = walk.ways.get(key) ?? { from: [], ...way };
  if (!known.from.includes(from)) known.from.push(from);
  walk.ways.set(key, known);
}

/** What a service itself lets out. */
function waysOf(service: CapnpStruct): Omit<WayOut, "from">[] {
  return [...service.fields].flatMap(([field, value]) => {
    if (field === "name" || field === "worker" || field === "disk") return [];
    if (field === "network" && isStruct(value)) return networkWays(value);
    if (field === "external" && isStruct(value)) return [externalWay(value)];
    return [unknownWay(`a service of the kind ${field}`)];
  });
}

function networkWays(network: CapnpStruct): Omit<WayOut, "from">[] {
  const allow = network.fields.get("allow");
  // Left out it means public addresses, as workerd's schema says.
  const allowed = allow === undefined ? ["public"] : listOf(allow).map(String);
  const denied = listOf(network.fields.get("deny")).map(String);
  const but = denied.length > 0 ? ` but ${denied.join(", ")}` : "";
  return allowed.map((kind) => ({
    kind: "network",
    to: `${kind} addresses${but}`,
    encrypted: false,
  }));
}

function externalWay(external: CapnpStruct): Omit<WayOut, "from"> {
  const address = textOf(external, "address");
  const encrypted = external.fields.has("https");
  return { kind: "external", to: address, encrypted };
}

function publicNetwork(): Omit<WayOut, "from"> {
  return { kind: "network", to: "public addresses (workerd's own service)", encrypted: false };
}

function unknownWay(to: string): Omit<WayOut, "from"> {
  return { kind: "unknown", to, encrypted: false };
}

function placeOf(service: string, disk: CapnpValue): Place {
  if (!isStruct(disk)) return { service, path: String(disk), writable: false };
  return { service, path: textOf(disk, "path"), writable: disk.fields.get("writable") === true };
}

/** The name in a service designator: text, or a struct with a name and an entry point. */
function designated(value: CapnpValue | undefined): string {
  if (typeof value === "string") return value;
  return isStruct(value) ? textOf(value, "name") : "";
}

function textOf(struct: CapnpStruct, field: string): string {
  const value = struct.fields.get(field);
  return typeof value === "string" ? value : "";
}

function listOf(value: CapnpValue | undefined): CapnpValue[] {
  return Array.isArray(value) ? value : [];
}

function structsOf(value: CapnpValue | undefined): CapnpStruct[] {
  return listOf(value).filter(isStruct);
}
