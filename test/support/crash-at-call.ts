/**
 * Loaded with --import before a program: kills it with -9 just before its n-th change to the file system, n being
 * CRASH_AT_CALL. A program that makes fewer changes runs to its end.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const CHANGES = ["renameSync", "rmSync", "rmdirSync", "mkdirSync", "openSync"] as const;

let left = Number(process.env.CRASH_AT_CALL);
for (const name of CHANGES) {
  // The overloads of these functions cannot be written as one type; they are only passed through.
  const table = fs as unknown as Record<string, (...words: unknown[]) => unknown>;
  const original = table[name];
  if (!original) throw new TypeError(`node:fs has no ${name}`);
  table[name] = (...words) => {
    left -= 1;
    if (left < 0) process.kill(process.pid, "SIGKILL");
    return original(...words);
  };
}
syncBuiltinESMExports();
