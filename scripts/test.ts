/** `npm test`: every suite. `npm test -- unit integration` runs the named projects; other arguments go to vitest. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

const projects = ["unit", "integration", "e2e"];
const given = process.argv.slice(2);
const chosen = given.filter((word) => projects.includes(word));
const rest = given.filter((word) => !projects.includes(word));

mkdirSync(".runtime/console", { recursive: true });
const args = ["run", ...chosen.flatMap((name) => ["--project", name]), ...rest];
// wrangler and miniflare would report their use and look up where they run.
const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
const result = spawnSync("vitest", args, { stdio: "inherit", env });
process.exit(result.status ?? 1);
