/** How far a long transfer is: a line that renews itself in a terminal, a line for each tenth elsewhere, JSON lines with --json. */
import { megabytes } from "../backup/backup-space.ts";
import type { Shell } from "../shell.ts";

const RENEW_MS = 200;
const JSON_MS = 1_000;
const BAR_WIDTH = 24;

export interface Progress {
  update(what: string, completedBytes: number, totalBytes: number): void;
  end(): void;
}

export function createProgress(shell: Shell, isTerminal = process.stderr.isTTY): Progress {
  if (shell.json) return jsonProgress(shell);
  return isTerminal ? terminalProgress() : plainProgress(shell);
}

function jsonProgress(shell: Shell): Progress {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  return {
    update: (status, completedBytes, totalBytes) => {
      if (performance.now() - lastAtMs < JSON_MS) return;
      lastAtMs = performance.now();
      shell.printJson({ progress: { status, completedBytes, totalBytes } });
    },
    end: () => {},
  };
}

function terminalProgress(): Progress {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    update: (what, completedBytes, totalBytes) => {
      const isLast = completedBytes === totalBytes;
      if (!isLast && performance.now() - lastAtMs < RENEW_MS) return;
      lastAtMs = performance.now();
      shown = true;
      process.stderr.write(`\r\u001b[K${renderBar(what, completedBytes, totalBytes)}`);
    },
    end: () => {
      if (shown) process.stderr.write("\n");
    },
  };
}

function plainProgress(shell: Shell): Progress {
  let told = "";
  return {
    update: (what, completedBytes, totalBytes) => {
      const tenth = totalBytes === 0 ? 0 : Math.floor((10 * completedBytes) / totalBytes);
      const line = totalBytes === 0 ? what : `${what}: ${tenth * 10} % of ${megabytes(totalBytes)}`;
      if (line === told) return;
      told = line;
      shell.note(line);
    },
    end: () => {},
  };
}

export function renderBar(what: string, completedBytes: number, totalBytes: number): string {
  if (totalBytes === 0) return what;
  const share = Math.min(1, completedBytes / totalBytes);
  const bar = "#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".");
  return `${what}  [${bar}] ${Math.floor(share * 100)} %  ${megabytes(completedBytes)} of ${megabytes(totalBytes)}`;
}
