/** Modules that the real workerd loads on first use, from requests and objects that want one at the same time. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it, onTestFinished } from "vitest";
import { findWorkerd } from "../../../../local-runtime/supervisor/workerd-binary.ts";
import { WorkerdProcess } from "../../../../local-runtime/supervisor/workerd-process.ts";
import { renderConfig } from "../../../../local-runtime/workerd-config/capnp.ts";
import { loadWranglerConfig } from "../../../../local-runtime/workerd-config/wrangler-config.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

const OBJECTS = loadWranglerConfig(ROOT).durable_objects.bindings.map(
  ({ class_name }) => `export class ${class_name} extends Loading {}`,
);

const MODULES: Readonly<Record<string, string>> = {
  "index.js": `import { DurableObject, WorkerEntrypoint, env } from "cloudflare:workers";
    import { shared } from "./shared-A.js";
    const early = env.EARLY === undefined ? undefined : await import("./early-A.js");
    const load = async () => Response.json((await import("./rare-A.js")).use(shared));
    class Loading extends DurableObject { fetch() { return load(); } }
    ${OBJECTS.join("\n")}
    export class Admin extends WorkerEntrypoint {}
    export default { async fetch(request, env) {
      const { pathname } = new URL(request.url);
      if (pathname === "/object") return env.SESSION.getByName("one").fetch(request);
      if (pathname === "/early") return new Response(early.word);
      if (pathname === "/broken") return import("./broken-A.js").catch((error) => new Response(error.name));
      return load();
    } };`,
  "shared-A.js": "export const shared = { evaluations: 0, uses: 0 };",
  "early-A.js": `export const word = "early";`,
  "rare-A.js": `import { shared } from "./shared-A.js";
    shared.evaluations += 1;
    export const use = (own) => ({ same: own === shared, evaluations: shared.evaluations, uses: ++shared.uses });`,
  "broken-A.js": "this is no module",
};

async function serve(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "rockpool-lazy-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ["run", "objects", "assets"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "master.key"), Buffer.alloc(32, 1));
  writeFileSync(join(dir, "run", "box-secret.key"), Buffer.alloc(32, 2));
  for (const [name, source] of Object.entries(MODULES))
    writeFileSync(join(dir, "run", name), source);
  const configFile = join(dir, "run", "workerd.capnp");
  const config = renderConfig(loadWranglerConfig(ROOT), {
    sockets: [{ name: "http", host: "127.0.0.1", port: 0 }],
    adminSocket: "run/admin.sock",
    objectsDir: "objects",
    assetsDir: "assets",
    embeds: {
      modules: Object.keys(MODULES),
      masterKey: "../master.key",
      boxSecret: "box-secret.key",
    },
    modelUrls: ["http://127.0.0.1:11434"],
    textFiles: {},
    egressOrigins: [],
    isListedOnly: false,
    text: { EARLY: "yes" },
  });
  writeFileSync(configFile, config);
  const workerd = new WorkerdProcess({
    binary: findWorkerd(ROOT),
    configFile,
    dataDir: dir,
    sockets: [],
    onLine: () => undefined,
  });
  onTestFinished(async () => {
    workerd.kill();
    await workerd.exited;
  });
  const started = await workerd.started;
  if (!started.ok) throw new Error(started.stderr);
  return `http://127.0.0.1:${started.port}`;
}

describe("a module that is loaded on first use", () => {
  it("is run once, for all requests and objects that want it at the same time", async ({
    expect,
  }) => {
    const url = await serve();
    const paths = Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? "/" : "/object"));
    const answers = await Promise.all(
      paths.map(async (path) => (await fetch(`${url}${path}`)).json()),
    );
    const uses = answers.map((answer) => answer.uses).sort((a, b) => a - b);
    expect(uses).toEqual(paths.map((_, index) => index + 1));
    for (const answer of answers) expect(answer).toMatchObject({ same: true, evaluations: 1 });
  });

  it("may be wanted at the start, and one that is broken fails nobody but its users", async ({
    expect,
  }) => {
    const url = await serve();
    expect(await (await fetch(`${url}/early`)).text()).toBe("early");
    expect(await (await fetch(`${url}/broken`)).text()).toBe("SyntaxError");
    expect(await (await fetch(`${url}/`)).json()).toMatchObject({ uses: 1 });
  });
});
