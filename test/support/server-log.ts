/** The log of a server, as the lines of its file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataFolderAt } from "../../local-runtime/data-folder.ts";
import { LOG_FILE_NAME } from "../../local-runtime/logs/rotating-log.ts";

export type LogLine = Record<string, unknown> & { type: string };

export function logText(dataDir: string): string {
  return readFileSync(join(dataFolderAt(dataDir).logs, LOG_FILE_NAME), "utf8");
}

/** Throws where a line is no JSON. */
export function readLog(dataDir: string): LogLine[] {
  return logText(dataDir)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Lines of one type in which every given field has the given value. */
export function linesOf(
  dataDir: string,
  type: string,
  fields: Record<string, unknown> = {},
): LogLine[] {
  return readLog(dataDir).filter(
    (line) =>
      line.type === type && Object.entries(fields).every(([name, value]) => line[name] === value),
  );
}
