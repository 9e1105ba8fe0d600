/** Where this program and its companions are: TypeScript in the project's folder, or one bundled file of each. */
import { join } from "node:path";

/** The programs that a bundle is made of, each with its source. */
export const PROGRAMS = {
  main: "local-runtime/main.ts",
  up: "local-runtime/up.ts",
  greeting: "local-runtime/greeting.ts",
  "model-server": "local-runtime/model-server/main.ts",
} as const;

/** Folder of the bundled programs, in the project's. */
export const BUNDLED_PROGRAMS = join(".runtime", "build", "host");

/** Whether this is the bundle: bin/rockpool has made sure then that it is the one of the present sources. */
export const isBundled = import.meta.filename.endsWith(".js");

export const projectRoot = join(import.meta.dirname, isBundled ? "../../.." : "..");

export function programFile(root: string, program: keyof typeof PROGRAMS): string {
  return isBundled ? join(root, BUNDLED_PROGRAMS, `${program}.js`) : join(root, PROGRAMS[program]);
}
