/** `npm run docs` writes the documents made from the code; `npm run docs -- --check` fails when one is out of step. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GENERATED_DOCS } from "./generated-docs.ts";

const ROOT = join(import.meta.dirname, "..");

function isInStep(path: string, text: string): boolean {
  return existsSync(path) && readFileSync(path, "utf8") === text;
}

const onlyCheck = process.argv.includes("--check");
const stale = Object.entries(GENERATED_DOCS)
  .map(([name, render]) => ({ name, path: join(ROOT, name), text: render() }))
  .filter(({ path, text }) => !isInStep(path, text));

for (const { name, path, text } of stale) {
  if (onlyCheck) console.error(`${name} is out of step with the code: run \`npm run docs\`.`);
  else {
    writeFileSync(path, text);
    console.log(`wrote ${name}`);
  }
}
if (onlyCheck && stale.length > 0) process.exitCode = 1;
