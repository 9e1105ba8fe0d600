/** `rockpool integrity`: looks at every database now, of a running server too. Exit status 1 where one is damaged. */
import type { Command } from "commander";
import { megabytes } from "../backup/backup-space.ts";
import { findFolder } from "../backup-store/box-store.ts";
import { EXIT } from "../host-error.ts";
import { checkIntegrity } from "../host-work/integrity.ts";
import type { IntegrityReport } from "../host-work/reports.ts";
import { createProgress } from "../models/progress.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Check every database from end to end, on a copy of one moment: a running server stands still for an instant. A running server does so once a day by itself. Exit status 1 where one is damaged.",
    )
    .action(() => runIntegrity(shell));
}

async function runIntegrity(shell: Shell): Promise<void> {
  const progress = createProgress(shell);
  const report = await checkIntegrity(findFolder(loadSettings(shell)), (done, total) =>
    progress.update(`checking database ${done} of ${total}`, 0, 0),
  );
  progress.end();
  shell.print(renderIntegrity(report));
  shell.printJson({ ok: report.broken.length === 0, ...report });
  if (report.broken.length > 0) process.exitCode = EXIT.failure;
}

function renderIntegrity({ databases, broken, dataBytes, durationMs }: IntegrityReport): string {
  const looked = `${databases} databases, ${megabytes(dataBytes)}, in ${(durationMs / 1000).toFixed(1)} s`;
  if (broken.length === 0) return `All is whole: ${looked}.`;
  return [
    `${broken.length} of ${looked} are damaged:`,
    ...broken.map(({ path, problem }) => `  ${path}: ${problem}`),
    "Keep the older backups. Stop the server (`npx rockpool down`), and restore the newest backup that is whole (`npx rockpool restore`).",
  ].join("\n");
}
