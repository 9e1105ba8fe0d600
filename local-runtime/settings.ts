/** The options of this box: the environment over the project's `.env`, every wrong value reported at once. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import {
  findUnknownOptions,
  loadOptions,
  type OptionProblem,
  type UnknownOption,
} from "../src/config/load.ts";
import { MAIN_SERVER, parseModelServers } from "../src/config/model-servers.ts";
import type { Options } from "../src/config/options.ts";
import { EXIT, HostError, systemCode } from "./host-error.ts";
import { machineTimeZone } from "./machine-time-zone.ts";
import type { Shell } from "./shell.ts";

export interface Settings {
  options: Options;
  /** The data folder, absolute. A relative ROCKPOOL_DATA counts from the project's folder. */
  dataDir: string;
  /** Whether the owner names the main model server: by ROCKPOOL_MODEL_URL, or as `main` of ROCKPOOL_MODEL_SERVERS. */
  modelUrlGiven: boolean;
  /** What looks like an option and is none, a sentence for each. */
  unknownOptions: string[];
}

/** Throws `config/invalid` that names each wrong option and what it expects. */
export function loadSettings(shell: Pick<Shell, "root" | "env">): Settings {
  const source = { ...readEnvFile(join(shell.root, ".env")), ...shell.env };
  const zone = machineTimeZone(shell.env);
  const loaded = loadOptions(source, zone === undefined ? {} : { ROCKPOOL_TIME_ZONE: zone });
  if (!loaded.ok) throw invalidOptions(loaded.problems);
  return {
    options: loaded.options,
    dataDir: resolve(shell.root, loaded.options.ROCKPOOL_DATA),
    modelUrlGiven: source.ROCKPOOL_MODEL_URL !== undefined || namesMain(loaded.options),
    unknownOptions: findUnknownOptions(source).map(describeUnknown),
  };
}

function describeUnknown({ name, meant }: UnknownOption): string {
  const said = `${name} is no option and changes nothing`;
  return meant === undefined ? `${said}.` : `${said}: ${meant} is probably meant.`;
}

function namesMain({ ROCKPOOL_MODEL_SERVERS }: Options): boolean {
  return parseModelServers(ROCKPOOL_MODEL_SERVERS).some(({ name }) => name === MAIN_SERVER);
}

function readEnvFile(path: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return {};
    throw new HostError({
      code: "config/env_file_unreadable",
      message: "The file .env in the project's folder cannot be read.",
      fix: `Make it a file that you can read (ls -l ${path}), or remove it.`,
      exitStatus: EXIT.config,
      cause: error,
    });
  }
}

function invalidOptions(problems: OptionProblem[]): HostError {
  const list = problems.map(({ name, message }) => `${name}: ${message}`).join("; ");
  return new HostError({
    code: "config/invalid",
    message: `${problems.length === 1 ? "An option is" : `${problems.length} options are`} wrong: ${list}.`,
    fix: "Set the right values in .env or the environment; docs/configuration.md describes each option.",
    exitStatus: EXIT.config,
  });
}
