/** Where the workerd binary of this platform is. It comes from npm; its own package says which one fits. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { EXIT, HostError } from "../host-error.ts";

/** npm package of the binary for each platform that workerd is built for. */
const PACKAGES: Readonly<Record<string, string>> = {
  "darwin arm64": "@cloudflare/workerd-darwin-arm64",
  "darwin x64": "@cloudflare/workerd-darwin-64",
  "linux arm64": "@cloudflare/workerd-linux-arm64",
  "linux x64": "@cloudflare/workerd-linux-64",
};

/** Throws `workerd/missing`. */
export function findWorkerd(root: string): string {
  const platform = `${process.platform} ${process.arch}`;
  const name = PACKAGES[platform];
  if (name === undefined)
    throw new HostError({
      code: "workerd/missing",
      message: `workerd is not built for this platform (${platform}).`,
      fix: `Run Rockpool on one of: ${Object.keys(PACKAGES).join(", ")}.`,
      exitStatus: EXIT.unavailable,
    });
  try {
    // Asked for from workerd's own place, so that the version it pins is found.
    const workerd = createRequire(join(root, "package.json")).resolve("workerd/package.json");
    return createRequire(workerd).resolve(`${name}/bin/workerd`);
  } catch (error) {
    throw new HostError({
      code: "workerd/missing",
      message: "The workerd binary is not installed.",
      fix: "Run `npm ci --ignore-scripts` in the project's folder, then this again.",
      exitStatus: EXIT.unavailable,
      cause: error,
    });
  }
}
