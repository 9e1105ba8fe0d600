/**
 * Bundles what has changed, as a program of its own: whoever runs the bundle afterwards has nothing of the bundling in
 * memory. A failure is told by the command that runs without the bundle, where it matters to that command.
 */
import { dirname } from "node:path";
import { bundle } from "./bundle.ts";
import { HostError } from "./host-error.ts";

try {
  if (bundle(dirname(import.meta.dirname)).built)
    process.stderr.write("rockpool: bundled the program, the Worker and the console\n");
} catch (error) {
  if (!(error instanceof HostError) && !(error instanceof Error && "syscall" in error)) throw error;
  process.exitCode = 1;
}
