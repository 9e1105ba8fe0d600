/**
 * The fake model server as a program, for trying Rockpool without Ollama:
 * `node test/support/fake-ollama-main.ts --port=11434 --reply=echo`. Flags are the names of the settings.
 */

import { startFakeOllama } from "./fake-ollama.ts";
import { LIFELIKE_SETTINGS } from "./fake-ollama-settings.ts";

const DEFAULT_PORT = 11_434;

function parseValue(name: string, text: string): unknown {
  if (name === "installed") return text.split(",").filter((word) => word !== "");
  if (name === "fault" || name === "reply") return text;
  if (text === "true" || text === "false") return text === "true";
  return Number(text);
}

function parseFlags(args: string[]): Record<string, unknown> {
  const flags: Record<string, unknown> = {};
  for (const arg of args) {
    const [, name, text] = /^--(\w+)=(.*)$/.exec(arg) ?? [];
    if (name === undefined || text === undefined)
      throw new Error(`${arg}: --name=value is expected`);
    flags[name] = parseValue(name, text);
  }
  return flags;
}

try {
  const fake = await startFakeOllama({
    port: DEFAULT_PORT,
    ...LIFELIKE_SETTINGS,
    ...parseFlags(process.argv.slice(2)),
  });
  process.stdout.write(`fake model server on ${fake.url} (pid ${process.pid})\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
