/**
 * `.dev.vars`: keys for the Worker under `wrangler dev`, made once and kept, so that what a developer stores can be read on
 * the next day. They protect nothing but the developer's own trials.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { writeFileAtomic } from "./atomic-file.ts";
import { systemCode } from "./host-error.ts";

const NAMES = ["MASTER_KEY", "BOX_SECRET", "DEV_ADMIN_TOKEN"] as const;
const KEY_BYTES = 32;

export type DevVars = Record<(typeof NAMES)[number], string>;

/** Loads the keys, and makes those that are missing or of a wrong form. Other lines of the file stay. */
export function openDevVars(root: string): DevVars {
  const path = join(root, ".dev.vars");
  const text = readIfThere(path);
  const stored = parseEnv(text);
  const missing = NAMES.filter((name) => !/^[0-9a-f]{64}$/.test(stored[name] ?? ""));
  const made = missing.map((name) => [name, randomBytes(KEY_BYTES).toString("hex")] as const);
  if (made.length > 0) {
    const kept = text
      .split("\n")
      .filter((line) => line !== "" && !missing.some((name) => line.startsWith(`${name}=`)));
    const lines = [...kept, ...made.map(([name, value]) => `${name}=${value}`)];
    writeFileAtomic(path, `${lines.join("\n")}\n`);
  }
  const vars: Record<string, string | undefined> = { ...stored, ...Object.fromEntries(made) };
  return {
    MASTER_KEY: vars.MASTER_KEY ?? "",
    BOX_SECRET: vars.BOX_SECRET ?? "",
    DEV_ADMIN_TOKEN: vars.DEV_ADMIN_TOKEN ?? "",
  };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}
