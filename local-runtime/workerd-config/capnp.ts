/**
 * The workerd config of a box, as Cap'n Proto text: a pure function of wrangler.toml and the facts of the host. Outbound
 * is denied but for the services named here. The text holds no secret: keys are embedded from files by workerd itself.
 */
import { basename } from "node:path";
import { modelBinding } from "../../src/config/model-servers.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

/** Name of the constant in the text; `workerd serve` takes it after the file's name. */
export const CONFIG_CONSTANT = "rockpool";

export interface HostFacts {
  /** Where callers come in, besides the admin socket. */
  sockets: readonly SocketFacts[];
  /** Path of the admin socket, at most 107 bytes, relative to the working directory or absolute. */
  adminSocket: string;
  /** Path of the socket on which files of strangers are opened. */
  fileReaderSocket?: string;
  /** Folder of all Durable Objects, relative to the working directory or absolute. */
  objectsDir: string;
  /** Folder of the built console, absolute. */
  assetsDir: string;
  /** Files that the config embeds, relative to the config file. */
  embeds: {
    /** Modules of the Worker, the entry first; they know each other by the names of their files. */
    modules: readonly string[];
    masterKey: string;
    nextMasterKey?: string;
    boxSecret: string;
  };
  /** Addresses of the model servers, the main one first. */
  modelUrls: readonly [string, ...string[]];
  /** Text bindings that hold a secret: the file of each, relative to the config file. */
  textFiles: Readonly<Record<string, string>>;
  /** Origins that accounts may reach besides public addresses. */
  egressOrigins: readonly string[];
  /** True where the services named here are all that may be reached: no network of public addresses. */
  isListedOnly: boolean;
  /** Text bindings: the worker's options and what it may know of the box. */
  text: Readonly<Record<string, string>>;
}

export interface SocketFacts {
  name: string;
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Class of the Worker that answers; its default where there is none. */
  entrypoint?: string;
  /** Files that the config embeds, relative to it. Callers need a certificate where `clientCas` names whose. */
  tls?: { key: string; chain: string; clientCas: readonly string[] };
}

/**
 * What workerd counts as public, and what leads to private addresses where a gateway translates: IPv4 in IPv6 (RFC 4291,
 * 3056, 4380, 8215, and private ones in that of RFC 6052), and the block for measurements (RFC 2544).
 */
const NOT_REALLY_PUBLIC = [
  "::/96",
  "2001::/32",
  "2002::/16",
  "64:ff9b:1::/48",
  "64:ff9b::/104",
  "64:ff9b::a00:0/104",
  "64:ff9b::7f00:0/104",
  "64:ff9b::6440:0/106",
  "64:ff9b::a9fe:0/112",
  "64:ff9b::ac10:0/108",
  "64:ff9b::c0a8:0/112",
  "198.18.0.0/15",
];

/** Bounds of the memory cache that the isolates share. */
const MAX_CACHED_KEYS = 1_000;
const MAX_CACHED_VALUE_BYTES = 256 * 1024;
const MAX_CACHED_BYTES = 8 * 1024 * 1024;

/** Classes whose objects hold in memory what nothing else knows: an open connection, the slots of a model server. */
const KEPT_AWAKE: ReadonlySet<string> = new Set(["ConnectionObject", "GateObject"]);

export function renderConfig(wrangler: WranglerConfig, facts: HostFacts): string {
  const services = [
    `(name = "storage", disk = (path = ${text(facts.objectsDir)}, writable = true))`,
    `(name = "assets", disk = (path = ${text(facts.assetsDir)}))`,
    `(name = "nowhere", network = (allow = []))`,
    renderInternet(facts),
    ...facts.modelUrls.map((url, index) => external(modelService(index), url)),
    ...facts.egressOrigins.map((origin, index) => external(egressService(index), origin)),
    ...fileReaderOf(facts).map((path) => external("file-reader", `unix:${path}`)),
    renderD1(),
    renderApp(wrangler, facts),
  ];
  const sockets = [
    ...facts.sockets.map(renderSocket),
    `(name = "admin", address = ${text(`unix:${facts.adminSocket}`)}, http = (), service = (name = "app", entrypoint = "Admin"))`,
  ];
  return `# Written by rockpool at each start.
using Workerd = import "/workerd/workerd.capnp";

const ${CONFIG_CONSTANT} :Workerd.Config = (
  services = ${list(services, 2)},
  sockets = ${list(sockets, 2)}
);
`;
}

function renderApp(wrangler: WranglerConfig, facts: HostFacts): string {
  const objects = wrangler.durable_objects.bindings;
  const namespaces = objects.map(({ class_name }) => {
    const awake = KEPT_AWAKE.has(class_name) ? ", preventEviction = true" : "";
    return `(className = ${text(class_name)}, uniqueKey = ${text(uniqueKey(class_name))}, enableSql = true${awake})`;
  });
  const fields = [
    `modules = ${list(facts.embeds.modules.map(renderModule), 8)}`,
    `compatibilityDate = ${text(wrangler.compatibility_date)}`,
    `compatibilityFlags = [${wrangler.compatibility_flags.map(text).join(", ")}]`,
    `globalOutbound = "nowhere"`,
    `bindings = ${list(renderBindings(wrangler, facts), 8)}`,
    `durableObjectNamespaces = ${list(namespaces, 8)}`,
    `durableObjectStorage = (localDisk = "storage")`,
  ];
  return `(name = "app", worker = (\n        ${fields.join(",\n        ")}))`;
}

function renderModule(file: string): string {
  return `(name = ${text(basename(file))}, esModule = embed ${text(file)})`;
}

function renderBindings(wrangler: WranglerConfig, facts: HostFacts): string[] {
  const egress = facts.egressOrigins.map((origin, index) => [origin, `EGRESS_${index}`] as const);
  const key = (name: string, file: string, algorithm: object, usages: string) =>
    `(name = "${name}", cryptoKey = (raw = embed ${text(file)}, algorithm = (json = ${text(JSON.stringify(algorithm))}), extractable = false, usages = [${usages}]))`;
  return [
    ...wrangler.durable_objects.bindings.map(
      ({ name, class_name }) =>
        `(name = ${text(name)}, durableObjectNamespace = ${text(class_name)})`,
    ),
    ...wrangler.d1_databases.map(({ binding, database_name }) => {
      const props = text(JSON.stringify({ database: database_name }));
      return `(name = ${text(binding)}, wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = (name = "d1", props = (json = ${props})))]))`;
    }),
    `(name = ${text(wrangler.assets.binding)}, service = "assets")`,
    ...(facts.isListedOnly ? [] : [`(name = "INTERNET", service = "internet")`]),
    `(name = "CACHE", memoryCache = (id = "rockpool", limits = (maxKeys = ${MAX_CACHED_KEYS}, maxValueSize = ${MAX_CACHED_VALUE_BYTES}, maxTotalValueSize = ${MAX_CACHED_BYTES})))`,
    ...facts.modelUrls.map(
      (_url, index) => `(name = "${modelBinding(index)}", service = "${modelService(index)}")`,
    ),
    ...fileReaderOf(facts).map(() => `(name = "FILE_READER", service = "file-reader")`),
    ...Object.entries(facts.textFiles).map(
      ([name, file]) => `(name = ${text(name)}, text = embed ${text(file)})`,
    ),
    ...egress.map(([, name], index) => `(name = "${name}", service = "${egressService(index)}")`),
    `(name = "EGRESS", text = ${text(JSON.stringify(Object.fromEntries(egress)))})`,
    key("MASTER_KEY", facts.embeds.masterKey, { name: "AES-KW" }, "wrapKey, unwrapKey"),
    ...(facts.embeds.nextMasterKey === undefined
      ? []
      : [
          key(
            "MASTER_KEY_NEXT",
            facts.embeds.nextMasterKey,
            { name: "AES-KW" },
            "wrapKey, unwrapKey",
          ),
        ]),
    key("BOX_SECRET", facts.embeds.boxSecret, { name: "HMAC", hash: "SHA-256" }, "sign, verify"),
    ...Object.entries(facts.text).map(
      ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
    ),
  ];
}

/** Always there: workerd makes one of its own that reaches every public address where the config has none. */
function renderInternet({ isListedOnly }: HostFacts): string {
  if (isListedOnly) return `(name = "internet", network = (allow = []))`;
  const denied = NOT_REALLY_PUBLIC.map(text).join(", ");
  return `(name = "internet", network = (allow = ["public"], deny = [${denied}], tlsOptions = (trustBrowserCas = true)))`;
}

function renderSocket({ name, host, port, entrypoint, tls }: SocketFacts): string {
  const service =
    entrypoint === undefined ? `"app"` : `(name = "app", entrypoint = ${text(entrypoint)})`;
  const protocol = tls ? renderTls(tls) : "http = ()";
  return `(name = ${text(name)}, address = ${text(`${bracketed(host)}:${port}`)}, ${protocol}, service = ${service})`;
}

/** TLS 1.2 is the floor that every client of the last ten years speaks; 1.3 is what both sides take where they can. */
function renderTls({ key, chain, clientCas }: NonNullable<SocketFacts["tls"]>): string {
  const trusted = clientCas.map((file) => `embed ${text(file)}`).join(", ");
  const callers =
    clientCas.length > 0 ? `, requireClientCerts = true, trustedCertificates = [${trusted}]` : "";
  return `https = (options = (), tlsOptions = (keypair = (privateKey = embed ${text(key)}, certificateChain = embed ${text(chain)}), minVersion = tls1Dot2${callers}))`;
}

/** D1 is a Worker inside workerd; its one object keeps the database. */
function renderD1(): string {
  return `(name = "d1", worker = (
        modules = [(name = "d1.js", bundled = "/workerd/d1.js")],
        compatibilityDate = "2026-11-01",
        globalOutbound = "nowhere",
        bindings = [(name = "DATABASE", durableObjectNamespace = "D1Database")],
        durableObjectNamespaces = [(className = "D1Database", uniqueKey = "d1", enableSql = true)],
        durableObjectStorage = (localDisk = "storage")))`;
}

function fileReaderOf({ fileReaderSocket }: HostFacts): string[] {
  return fileReaderSocket === undefined ? [] : [fileReaderSocket];
}

function external(name: string, address: string): string {
  if (address.startsWith("unix:"))
    return `(name = ${text(name)}, external = (address = ${text(address)}, http = ()))`;
  const url = new URL(address);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "https:")
    return `(name = ${text(name)}, external = (address = ${text(`${url.hostname}:${url.port || 443}`)}, https = (options = (), tlsOptions = (trustBrowserCas = true), certificateHost = ${text(host)})))`;
  return `(name = ${text(name)}, external = (address = ${text(`${url.hostname}:${url.port || 80}`)}, http = ()))`;
}

function modelService(index: number): string {
  return index === 0 ? "model" : `model-${index}`;
}

function egressService(index: number): string {
  return `egress-${index}`;
}

/** The name that object ids derive from: it must never change, whatever the class is called later. */
function uniqueKey(className: string): string {
  return className
    .replace(/Object$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase();
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function list(items: readonly string[], indent: number): string {
  const space = " ".repeat(indent);
  return `[\n${items.map((item) => `${space}  ${item}`).join(",\n")}\n${space}]`;
}

/** A Cap'n Proto text literal. */
function text(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be escaped
  const escaped = value.replace(/["\\\u0000-\u001f\u007f]/g, (char) =>
    char === '"' || char === "\\"
      ? `\\${char}`
      : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}
