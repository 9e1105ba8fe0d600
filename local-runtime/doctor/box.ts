/** Checks of the machine: Node, workerd, the clock. */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { DataFolder } from "../data-folder.ts";
import { LOG_FILE_NAME } from "../logs/rotating-log.ts";
import type { Settings } from "../settings.ts";
import { findWorkerd } from "../supervisor/workerd-binary.ts";
import { workerdVersion } from "../versions.ts";
import { type Finding, fail, failure, ok, warn } from "./check.ts";

/** From here on Node runs TypeScript files directly. */
const MIN_NODE = { major: 22, minor: 18 };
const RUN_TIMEOUT_MS = 5_000;
/** Clocks of file servers differ a little. */
const CLOCK_SLACK_MS = 60_000;

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor))
    return ok("Node", version);
  return fail(
    "Node",
    `${version} is too old`,
    `Run it through bin/rockpool, which brings its own, or install ${MIN_NODE.major}.${MIN_NODE.minor} or newer.`,
  );
}

export function checkWorkerd(root: string): Finding {
  try {
    const version = execFileSync(findWorkerd(root), ["--version"], {
      encoding: "utf8",
      env: {},
      timeout: RUN_TIMEOUT_MS,
    });
    return ok("workerd", `${version.trim()} (package ${workerdVersion(root)})`);
  } catch (error) {
    const finding = failure("workerd", error);
    if (finding.fix?.startsWith("Report"))
      return fail(
        "workerd",
        `the binary does not run: ${finding.detail.split("\n")[0]}`,
        "It needs a recent 64-bit Linux with glibc (Debian 12 is known to work), or macOS.",
      );
    return finding;
  }
}

export function checkOptions({ unknownOptions }: Pick<Settings, "unknownOptions">): Finding {
  if (unknownOptions.length === 0) return ok("Options", "all are understood");
  return warn(
    "Options",
    unknownOptions.join(" "),
    "Correct the name in .env or the environment, or take it out: docs/configuration.md describes each option.",
  );
}

/** A clock that is behind what it wrote itself breaks signatures and expiry times. */
export function checkClock(root: string, folder: DataFolder, nowMs: number = Date.now()): Finding {
  const written = [join(root, "package.json"), join(folder.logs, LOG_FILE_NAME)];
  const newestMs = Math.max(
    ...written.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
  if (nowMs + CLOCK_SLACK_MS >= newestMs) return ok("Clock", new Date(nowMs).toISOString());
  return fail(
    "Clock",
    `it shows ${new Date(nowMs).toISOString()}, but files here were written at ${new Date(newestMs).toISOString()}`,
    "Set the clock (timedatectl set-ntp true).",
  );
}
