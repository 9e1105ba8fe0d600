/** `rockpool logs`: what the server wrote down, for people or as the JSON lines that it is. Works without the server. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { dataFolderAt } from "../data-folder.ts";
import { followLines, readLastLines } from "../logs/log-files.ts";
import { parseLogLine, readableLine } from "../logs/output-lines.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

/** The least serious first. */
const LEVELS: readonly string[] = ["debug", "info", "warn", "error"];
const DEFAULT_LINES = 50;
export const MAX_LINES = 100_000;

interface LogsFlags {
  follow?: true;
  lines: number;
  level: string;
}

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description("Show the log. With --json each line is printed as it was written.")
    .option("-f, --follow", "go on with each line that is written, until Ctrl-C")
    .option("-n, --lines <count>", "how many of the newest lines", parseCount, DEFAULT_LINES)
    .addOption(
      new Option("--level <level>", "the least serious lines to show")
        .choices(LEVELS)
        .default("debug"),
    )
    .action((flags: LogsFlags) => runLogs(shell, flags));
}

async function runLogs(shell: Shell, flags: LogsFlags): Promise<void> {
  const { logs } = dataFolderAt(loadSettings(shell).dataDir);
  const accept = (line: string) => isSeriousEnough(line, flags.level);
  const show = (line: string) => {
    if (accept(line)) process.stdout.write(`${shell.json ? line : renderLine(line)}\n`);
  };
  const ended = new AbortController();
  // Begun before the old lines are shown: none is missed in between.
  const following = flags.follow ? followLines(logs, ended.signal) : undefined;
  const first = following?.next();
  readLastLines(logs, flags.lines, accept).forEach(show);
  if (!following || !first) return;
  const end = () => ended.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  for (let step = await first; !step.done; step = await following.next()) show(step.value);
}

function isSeriousEnough(line: string, least: string): boolean {
  const level = parseLogLine(line)?.level ?? "info";
  const rank = LEVELS.indexOf(level);
  return rank < 0 || rank >= LEVELS.indexOf(least);
}

function renderLine(line: string): string {
  const parsed = parseLogLine(line);
  if (!parsed) return line;
  return readableLine(parsed, parsed.time.slice(0, 19).replace("T", " "));
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MAX_LINES)
    throw new InvalidArgumentError(`A whole number from 1 to ${MAX_LINES} is expected.`);
  return count;
}
