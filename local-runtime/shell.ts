/** What a command may use of the process that runs it: the project's folder, the environment, the two output streams. */
import { resolve } from "node:path";

export interface Shell {
  /** The project's folder. */
  readonly root: string;
  /** Where the person stands who typed the command; paths in arguments are relative to it. */
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True where --json was given: standard output then carries JSON only. */
  readonly json: boolean;
  /** One line or more for people, to standard output. Nothing with --json. */
  print(text: string): void;
  /** One line of JSON to standard output. Nothing without --json. */
  printJson(value: unknown): void;
  /** Progress and warnings, to standard error. */
  note(text: string): void;
}

export interface ShellOptions {
  root: string;
  json: boolean;
  env?: Readonly<Record<string, string | undefined>>;
  workingDir?: string;
}

export function createShell(options: ShellOptions): Shell {
  const { root, json, env = process.env, workingDir = process.cwd() } = options;
  return {
    root,
    json,
    env,
    workingDir,
    print: (text) => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    printJson: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    note: (text) => {
      process.stderr.write(`rockpool: ${text}\n`);
    },
  };
}

/** The path of a file that an argument names. */
export function argumentPath(shell: Shell, given: string): string {
  return resolve(shell.workingDir, given);
}
