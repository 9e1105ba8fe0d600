/**
 * A real browser for end-to-end tests: Debian's Chromium, installed when it is missing and that is possible. Where it is
 * not, the reason is printed and the tests that need it are skipped.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const INSTALL_TIMEOUT_MS = 300_000;
const PACKAGES = ["chromium", "fonts-noto-cjk"];

/** No sandbox as root, and no call to anybody but the page's own server. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Chromium =
  | { status: "found"; executablePath: string }
  | { status: "missing"; reason: string };

function findPath(): string | undefined {
  return PATHS.find((path) => existsSync(path));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Answers what went wrong; undefined where the packages are installed. */
function install(): string | undefined {
  if (!isRoot()) return "Chromium is missing; install it with: apt-get install chromium";
  try {
    const options = { stdio: "pipe", timeout: INSTALL_TIMEOUT_MS } as const;
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", ...PACKAGES], options);
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return `Chromium is missing and could not be installed: ${cause}`;
  }
}

/** Finds Chromium, installs it once where it may, and prints why where it cannot. */
export function findChromium(): Chromium {
  const found = findPath();
  if (found !== undefined) return { status: "found", executablePath: found };
  const problem = install();
  const executablePath = findPath();
  if (executablePath !== undefined) return { status: "found", executablePath };
  const reason = problem ?? "apt-get installed no Chromium at a known path.";
  process.stderr.write(`skipped: ${reason}\n`);
  return { status: "missing", reason };
}

export function startChromium(executablePath: string): Promise<Browser> {
  const args = isRoot() ? ["--no-sandbox", ...FLAGS] : FLAGS;
  return chromium.launch({ executablePath, args, headless: true });
}
