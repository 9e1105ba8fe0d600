/** `npm run check`: all that must hold before a change is shared. The first step that fails ends it, with its status. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

interface Step {
  name: string;
  command: string;
  args: readonly string[];
}

const ROOT = join(import.meta.dirname, "..");
const script = (file: string, ...args: string[]): Pick<Step, "command" | "args"> => ({
  command: process.execPath,
  args: [...process.execArgv, join("scripts", file), ...args],
});

const STEPS: readonly Step[] = [
  { name: "format and lint", command: "biome", args: ["check", "."] },
  { name: "types", command: "npm", args: ["run", "--silent", "types"] },
  {
    name: "unused code",
    command: "knip",
    args: ["--no-progress", "--include", "files,dependencies,unlisted"],
  },
  { name: "documents in step", ...script("docs.ts", "--check") },
  { name: "tests", ...script("test.ts") },
];

function runStep({ name, command, args }: Step): number {
  console.log(`\n── ${name}`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
  if (error) console.error(error.message);
  return status ?? 1;
}

for (const step of STEPS) {
  const status = runStep(step);
  if (status === 0) continue;
  console.error(`\ncheck failed at: ${step.name}`);
  process.exit(status);
}
console.log("\nall is well");
