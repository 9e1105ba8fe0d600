/** Bundles one of the bench's own Workers into a file. */
import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

/** `name` is that of a file beside this one; the path of the bundle. */
export function bundleWorker(name: string, outDir: string): string {
  const esbuild = join(ROOT, "node_modules", "esbuild", "bin", "esbuild");
  const out = join(outDir, basename(name, ".worker.ts").concat(".js"));
  execFileSync(
    process.execPath,
    [
      esbuild,
      join(import.meta.dirname, name),
      "--bundle",
      `--outfile=${out}`,
      "--format=esm",
      "--platform=neutral",
      "--target=es2024",
      "--main-fields=browser,module,main",
      "--conditions=workerd,worker,browser",
      "--external:cloudflare:*",
      "--external:node:*",
      "--minify-syntax",
      "--minify-whitespace",
      "--tsconfig-raw={}",
      "--log-level=error",
    ],
    { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
  );
  return out;
}
