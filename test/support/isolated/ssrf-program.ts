/**
 * In a network of its own: a Worker with the product's own config asks its network of public addresses for addresses that
 * it must not reach, straight, by names, by names that change, and by redirects. Reports what came of each.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { findWorkerd } from "../../../local-runtime/supervisor/workerd-binary.ts";
import { WorkerdProcess } from "../../../local-runtime/supervisor/workerd-process.ts";
import { CONFIG_CONSTANT, renderConfig } from "../../../local-runtime/workerd-config/capnp.ts";
import { parseWranglerConfig } from "../../../local-runtime/workerd-config/wrangler-config.ts";
import { temporaryFolder } from "../rockpool-process.ts";
import { startNameServer } from "./name-server.ts";
import { startPacketLog } from "./packets.ts";
import { isolatedArgument, reportResult } from "./run-isolated.ts";

export interface SsrfArgument {
  /** Hosts as they stand in a URL, each asked for straight and by a redirect. */
  hosts: readonly string[];
  names: Readonly<Record<string, readonly (readonly string[])[]>>;
}

export interface SsrfResult {
  /** `reached <address>` of the server that answered, or `refused`. */
  straight: Record<string, string>;
  redirected: Record<string, string>;
  calls: string[];
}

const PORT = 8088;
const WORKER = `
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class SessionObject extends DurableObject {}
export class Admin extends WorkerEntrypoint { fetch() { return new Response("admin"); } }
export default { async fetch(request, env) {
  const url = new URL(request.url).searchParams.get("url");
  try { return new Response("reached " + await (await env.INTERNET.fetch(url)).text()); }
  catch { return new Response("refused"); }
} };`;
const WRANGLER = `
name = "small"
main = "src/index.ts"
compatibility_date = "2026-11-01"
[assets]
directory = "console"
binding = "ASSETS"
run_worker_first = true
[[d1_databases]]
binding = "DB"
database_name = "small"
database_id = "small"
migrations_dir = "migrations"
[durable_objects]
bindings = [{ name = "SESSION", class_name = "SessionObject" }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["SessionObject"]
`;

async function main(): Promise<void> {
  const { hosts, names } = isolatedArgument<SsrfArgument>();
  const packets = await startPacketLog();
  await startNameServer("11.0.0.53", names);
  await listenEverywhere();
  const dir = temporaryFolder();
  const ask = await serveWorker(dir);
  const straight: Record<string, string> = {};
  const redirected: Record<string, string> = {};
  for (const host of hosts) {
    const target = `http://${host}:${PORT}/`;
    straight[host] = await ask(target);
    redirected[host] = await ask(`http://11.0.0.10:${PORT}/to?url=${encodeURIComponent(target)}`);
  }
  await packets.stop();
  reportResult({ straight, redirected, calls: packets.calls() } satisfies SsrfResult);
  rmSync(dir, { recursive: true, force: true });
}

/** On every address of this machine, private ones among them: says which one it was called at. */
async function listenEverywhere(): Promise<void> {
  const server = createServer((request, response) => {
    const to = new URL(request.url ?? "/", "http://x").searchParams.get("url");
    if (to !== null) response.writeHead(302, { location: to });
    response.end(request.socket.localAddress);
  });
  await new Promise<void>((resolve) => server.listen(PORT, "::", resolve));
}

async function serveWorker(dir: string): Promise<(url: string) => Promise<string>> {
  for (const name of ["run", "objects", "assets"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "master.key"), Buffer.alloc(32, 1));
  writeFileSync(join(dir, "run", "box-secret.key"), Buffer.alloc(32, 2));
  writeFileSync(join(dir, "run", "index.js"), WORKER);
  const configFile = join(dir, "run", "workerd.capnp");
  const config = renderConfig(parseWranglerConfig(WRANGLER), {
    sockets: [{ name: "http", host: "127.0.0.1", port: 0 }],
    adminSocket: "run/admin.sock",
    objectsDir: "objects",
    assetsDir: "assets",
    embeds: { modules: ["index.js"], masterKey: "../master.key", boxSecret: "box-secret.key" },
    modelUrls: ["http://127.0.0.1:11434"],
    textFiles: {},
    egressOrigins: [],
    isListedOnly: false,
    text: {},
  });
  writeFileSync(configFile, config);
  const root = join(import.meta.dirname, "..", "..", "..");
  const onLine = () => undefined;
  const workerd = new WorkerdProcess({
    binary: findWorkerd(root),
    configFile,
    dataDir: dir,
    sockets: [],
    onLine,
  });
  const started = await workerd.started;
  if (!started.ok) throw new Error(`${CONFIG_CONSTANT}: ${started.stderr}`);
  return async (url) => {
    const asked = `http://127.0.0.1:${started.port}/?url=${encodeURIComponent(url)}`;
    const response = await fetch(asked, { signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    );
    return response ? await response.text() : "silence";
  };
}

await main();
process.exit();
