/** `rockpool dev`: the same Worker under wrangler; and what wrangler makes of it for a deployment. */
import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { copyProject } from "../support/project-copy.ts";
import { temporaryFolder, until } from "../support/rockpool-process.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const START_DEADLINE_MS = 45_000;

interface DevServer {
  root: string;
  url: string;
  token: string;
}

async function startDev(): Promise<DevServer> {
  const root = copyProject();
  const child = spawn(join(root, "bin", "rockpool"), ["dev", "--json"], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: "0",
      ROCKPOOL_MODEL_URL: "http://127.0.0.1:9",
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await closed;
    rmSync(root, { recursive: true, force: true });
  });
  await until(() => stdout.includes("\n") || child.exitCode !== null, "dev", START_DEADLINE_MS);
  if (!stdout.startsWith('{"url"'))
    throw new Error(`rockpool dev did not serve:\n${stdout}${stderr}`);
  const { url, ownerLink } = JSON.parse(stdout);
  return { root, url, token: ownerLink.split("#owner=")[1] };
}

describe("rockpool dev", () => {
  it("serves the Worker, hides what is the owner's, and takes up a changed source", async ({
    expect,
  }) => {
    const { root, url, token } = await startDev();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(token).toMatch(/^[\w-]{20,}$/);
    expect(statSync(join(root, ".dev.vars")).mode & 0o777).toBe(0o600);
    expect((await fetch(`${url}/__admin/status`)).status).toBe(404);
    const wrong = { headers: { "x-rockpool-dev-token": "0".repeat(64) } };
    expect((await fetch(`${url}/__admin/status`, wrong)).status).toBe(404);
    const ops = join(root, "src", "routes", "ops.ts");
    writeFileSync(ops, readFileSync(ops, "utf8").replace('"/healthz"', '"/healthy"'));
    await until(async () => {
      const response = await fetch(`${url}/healthy`).catch(() => undefined);
      return response?.status === 200;
    }, "the changed source");
  });
});

describe("wrangler deploy --dry-run", () => {
  it("accepts the Worker and the bindings of wrangler.toml", ({ expect }) => {
    const outDir = temporaryFolder();
    onTestFinished(() => rmSync(outDir, { recursive: true, force: true }));
    const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
    const output = execFileSync(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", outDir],
      { cwd: ROOT, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
    );
    for (const name of ["SESSION", "DIRECTORY", "JOURNAL", "CONNECTION", "DB", "ASSETS"])
      expect(output).toContain(`env.${name}`);
    expect(readdirSync(outDir)).toContain("index.js");
    expect(readFileSync(join(outDir, "index.js"), "utf8")).not.toContain("/__admin");
  });
});
