/**
 * Bundled JavaScript in ASCII only. An engine keeps a text with one letter beyond Latin in two bytes a letter, for as long
 * as it runs; esbuild leaves such letters in regular expressions.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The same program where such letters stand in literals; not for the raw text of template literals. */
export function toAsciiSource(source: string): string {
  return source.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Of every script in the folder. */
export function makeAscii(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (!name.endsWith(".js")) continue;
    const path = join(dir, name);
    writeFileSync(path, toAsciiSource(readFileSync(path, "utf8")));
  }
}
