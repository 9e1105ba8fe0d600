/**
 * `npm run release`: what a release consists of, written to dist/ from the committed files, without the network. The same
 * commit gives the same bytes: times are the commit's, and nothing random is in them.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { LOCKS, listPackages, loadLock } from "./package-locks.ts";
import { settleBom, withLicences } from "./release-bom.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
/** A source archive has some megabytes. */
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** Says so and ends where the command fails. */
function run(command: string, args: readonly string[], cwd = ROOT): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    maxBuffer: MAX_OUTPUT_BYTES,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) return stdout;
  return refuse(`${command} ${args[0]} failed:\n${error?.message ?? stderr.toString().trim()}`);
}

function refuse(reason: string): never {
  console.error(`release: ${reason}`);
  process.exit(1);
}

function refuseChanges(): void {
  const changed = run("git", ["status", "--porcelain"]).toString().trim();
  if (changed !== "")
    refuse(`a release is made of committed files, and these are not:\n${changed}`);
}

/** Seconds since 1970. */
function commitTime(): number {
  return Number(run("git", ["log", "-1", "--format=%ct"]).toString().trim());
}

/** Of the lock as it is, whatever is installed. */
function makeBom(lock: string, name: string, atSeconds: number): string {
  const words = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application"];
  const text = run("npm", [...words, "--package-lock-only"], dirname(join(ROOT, lock)));
  const bom = withLicences(JSON.parse(text.toString()), listPackages(loadLock(ROOT, lock)));
  return `${JSON.stringify(settleBom(bom, name, atSeconds), undefined, 2)}\n`;
}

function makeFiles(): Map<string, Buffer> {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const base = `rockpool-${version}`;
  const atSeconds = commitTime();
  const files = new Map<string, Buffer>();
  const archive = ["-c", "tar.umask=0022", "archive", "--format=tar", `--prefix=${base}/`, "HEAD"];
  files.set(`${base}.tar.gz`, gzipSync(run("git", archive), { level: 9 }));
  for (const [use, lock] of Object.entries(LOCKS)) {
    const part = use === "project" ? "" : `-${use.replace(" ", "-")}`;
    const bom = makeBom(lock, `rockpool${part}`, atSeconds);
    files.set(`${base}${part}.cdx.json`, Buffer.from(bom));
  }
  const sums = [...files].map(([name, bytes]) => {
    return `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
  });
  return files.set("SHA256SUMS", Buffer.from(sums.join("")));
}

refuseChanges();
rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
for (const [name, bytes] of makeFiles()) {
  writeFileSync(join(DIST, name), bytes);
  console.log(`dist/${name}  ${bytes.length} bytes`);
}
