import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, it, onTestFinished } from "vitest";
import { findUnlisted } from "../../../../local-runtime/egress/egress-proof.ts";
import { findWorkerd } from "../../../../local-runtime/supervisor/workerd-binary.ts";
import { WorkerdProcess } from "../../../../local-runtime/supervisor/workerd-process.ts";
import {
  CONFIG_CONSTANT,
  type HostFacts,
  renderConfig,
} from "../../../../local-runtime/workerd-config/capnp.ts";
import {
  loadWranglerConfig,
  parseWranglerConfig,
} from "../../../../local-runtime/workerd-config/wrangler-config.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

const SMALL = parseWranglerConfig(`
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
bindings = [{ name = "SESSION", class_name = "SessionObject" }, { name = "CONNECTION", class_name = "ConnectionObject" }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["SessionObject", "ConnectionObject"]
`);

function facts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
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
    ...changes,
  };
}

function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-capnp-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A data folder with a Worker that exports what the config names and answers its own text bindings. */
function writeFolder(config: string): { dir: string; configFile: string } {
  const dir = temporaryFolder();
  for (const name of ["run", "objects", "assets"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "master.key"), Buffer.alloc(32, 1));
  writeFileSync(join(dir, "run", "box-secret.key"), Buffer.alloc(32, 2));
  writeFileSync(join(dir, "model-key"), "s3cret\n");
  writeFileSync(
    join(dir, "run", "index.js"),
    `import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
    export class SessionObject extends DurableObject {}
    export class DirectoryObject extends DurableObject {}
    export class JournalObject extends DurableObject {}
    export class ConnectionObject extends DurableObject {}
    export class Admin extends WorkerEntrypoint { fetch() { return new Response("admin"); } }
    const outcome = (promise) => promise.then(() => "reached", (error) => error.message);
    export default { async fetch(request, env) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/fetch") return new Response(await outcome(fetch(searchParams.get("url"))));
      if (pathname === "/internet") return new Response(await outcome(env.INTERNET.fetch(searchParams.get("url"))));
      if (pathname === "/model") return new Response(await outcome(env.MODEL.fetch(searchParams.get("url"))));
      if (pathname === "/key") return new Response(await outcome(crypto.subtle.exportKey("raw", env[searchParams.get("name")])));
      return Response.json(Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === "string")));
    } };`,
  );
  const configFile = join(dir, "run", "workerd.capnp");
  writeFileSync(configFile, config);
  return { dir, configFile };
}

async function serve(config: string): Promise<string> {
  const { dir, configFile } = writeFolder(config);
  const lines: string[] = [];
  const workerd = new WorkerdProcess({
    binary: findWorkerd(ROOT),
    configFile,
    dataDir: dir,
    sockets: [],
    onLine: (line) => lines.push(line),
  });
  onTestFinished(async () => {
    workerd.kill();
    await workerd.exited;
  });
  const started = await workerd.started;
  if (!started.ok) throw new Error(started.stderr);
  return `http://127.0.0.1:${started.port}`;
}

describe("the workerd config", () => {
  it("is this text for a small Worker", async ({ expect }) => {
    await expect(
      renderConfig(SMALL, facts({ egressOrigins: ["http://127.0.0.1:9999"], text: { A: "b" } })),
    ).toMatchFileSnapshot("../../../fixtures/workerd/small.capnp");
  });

  it("speaks TLS to a model server at an https address and checks its name", ({ expect }) => {
    const text = renderConfig(SMALL, facts({ modelUrls: ["https://models.example/v1"] }));
    expect(text).toContain(
      '(name = "model", external = (address = "models.example:443", https = (options = (), tlsOptions = (trustBrowserCas = true), certificateHost = "models.example")))',
    );
  });

  it("gives each model server a service and a binding of its own", ({ expect }) => {
    const text = renderConfig(SMALL, facts({ modelUrls: ["http://a:1", "https://b/v1"] }));
    expect(text).toContain('(name = "model", external = (address = "a:1", http = ()))');
    expect(text).toContain('(name = "model-1", external = (address = "b:443", https =');
    expect(text).toContain('(name = "MODEL", service = "model")');
    expect(text).toContain('(name = "MODEL_1", service = "model-1")');
  });

  it("hands a key over without holding it", async ({ expect }) => {
    const config = renderConfig(
      loadWranglerConfig(ROOT),
      facts({ textFiles: { MODEL_KEY_1: "../model-key" } }),
    );
    expect(config).not.toContain("s3cret");
    const url = await serve(config);
    expect(await (await fetch(url)).json()).toMatchObject({ MODEL_KEY_1: "s3cret\n" });
  });

  it("puts brackets around an IPv6 address, to listen on and to reach", ({ expect }) => {
    const text = renderConfig(
      SMALL,
      facts({ sockets: [{ name: "http", host: "::1", port: 80 }], modelUrls: ["http://[::1]:1"] }),
    );
    expect(text).toContain('address = "[::1]:80"');
    expect(text).toContain('(name = "model", external = (address = "[::1]:1", http = ()))');
  });

  it("speaks TLS 1.2 at least where there is a certificate, and asks callers for one where it is told whose", ({
    expect,
  }) => {
    const tls = { key: "tls.key", chain: "tls.pem", clientCas: [] };
    const text = renderConfig(
      SMALL,
      facts({
        sockets: [
          { name: "http", host: "0.0.0.0", port: 443, tls },
          {
            name: "api",
            host: "127.0.0.1",
            port: 9443,
            entrypoint: "ApiListener",
            tls: { ...tls, clientCas: ["api-ca-0.pem"] },
          },
        ],
      }),
    );
    const own =
      'https = (options = (), tlsOptions = (keypair = (privateKey = embed "tls.key", certificateChain = embed "tls.pem"), minVersion = tls1Dot2';
    expect(text).toContain(`(name = "http", address = "0.0.0.0:443", ${own})), service = "app")`);
    expect(text).toContain(
      `(name = "api", address = "127.0.0.1:9443", ${own}, requireClientCerts = true, trustedCertificates = [embed "api-ca-0.pem"])), service = (name = "app", entrypoint = "ApiListener"))`,
    );
  });

  it("has no network at all where only what is listed may be reached", ({ expect }) => {
    const listed = {
      modelUrls: ["http://127.0.0.1:11434"],
      egressOrigins: ["https://a.example"],
    } as const;
    const text = renderConfig(SMALL, facts({ ...listed, isListedOnly: true }));
    expect(text).toContain('(name = "internet", network = (allow = []))');
    expect(text).not.toContain("public");
    expect(text).not.toContain('"INTERNET"');
    expect(findUnlisted(text, listed)).toEqual([]);
  });

  it("gives each granted origin a service and a binding of its own", ({ expect }) => {
    const text = renderConfig(SMALL, facts({ egressOrigins: ["http://a:1", "https://b"] }));
    expect(text).toContain('(name = "egress-0", external = (address = "a:1", http = ()))');
    expect(text).toContain('(name = "EGRESS_1", service = "egress-1")');
    expect(text).toContain('{\\"http://a:1\\":\\"EGRESS_0\\",\\"https://b\\":\\"EGRESS_1\\"}');
  });

  it("keeps only objects with connections in memory", ({ expect }) => {
    const awake = renderConfig(SMALL, facts())
      .split("\n")
      .filter((line) => line.includes("preventEviction"));
    expect(awake.map((line) => line.trim())).toEqual([
      '(className = "ConnectionObject", uniqueKey = "connection", enableSql = true, preventEviction = true)',
    ]);
  });

  it("is accepted by the real workerd for the project's own wrangler.toml", ({ expect }) => {
    const { configFile, dir } = writeFolder(renderConfig(loadWranglerConfig(ROOT), facts()));
    const binary = execFileSync(
      findWorkerd(ROOT),
      ["compile", "--config-only", configFile, CONFIG_CONSTANT],
      { cwd: dir },
    );
    expect(binary.length).toBeGreaterThan(1000);
  });

  it("hands every text over to the Worker as it was, whatever it holds", async ({ expect }) => {
    const samples = fc.sample(fc.string({ unit: "binary", maxLength: 40 }), {
      numRuns: 200,
      seed: 7,
    });
    const all = [
      '"',
      "\\",
      "\n\r\t",
      "\u0000\u0001\u001f\u007f",
      "\\x41\\n",
      "中文 🎉",
      ...samples,
    ];
    const text = Object.fromEntries(
      all.map((value, index) => [`TEXT_${index}`, value.toWellFormed()]),
    );
    const url = await serve(renderConfig(loadWranglerConfig(ROOT), facts({ text })));
    const answered = await (await fetch(url)).json();
    expect(answered).toEqual({ ...text, EGRESS: "{}" });
  });

  it("lets the Worker reach its model server and nothing else on this machine", async ({
    expect,
  }) => {
    const asked: string[] = [];
    const target = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("hello");
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void target.close());
    const address = target.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const own = encodeURIComponent(`http://127.0.0.1:${port}/secret`);
    const modelUrl = `http://127.0.0.1:${port}`;
    const url = await serve(
      renderConfig(loadWranglerConfig(ROOT), facts({ modelUrls: [modelUrl] })),
    );
    const ask = async (path: string) => await (await fetch(`${url}${path}?url=${own}`)).text();
    expect(await ask("/fetch")).toContain("internal error");
    expect(await ask("/internet")).toContain("internal error");
    expect(asked).toEqual([]);
    expect(await ask("/model")).toBe("reached");
    expect(asked).toEqual(["/secret"]);
  });

  it("lets the Worker use its keys and read none of them", async ({ expect }) => {
    const url = await serve(renderConfig(loadWranglerConfig(ROOT), facts()));
    for (const name of ["MASTER_KEY", "BOX_SECRET"]) {
      const answer = await (await fetch(`${url}/key?name=${name}`)).text();
      expect(answer).toContain("non-extractable");
    }
  });
});
