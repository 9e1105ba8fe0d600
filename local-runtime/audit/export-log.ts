/** Writes the log as it comes and verifies it on the way: a file of this name is whole. */
import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../atomic-file.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import type { LogReport } from "./log-verifier.ts";
import { verifyStream } from "./verify-stream.ts";

export interface ExportReport extends LogReport {
  sha256: string;
}

/** Throws audit/cannot_write, and what `chunks` throws: no file is left then. */
export async function exportLog(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): Promise<ExportReport> {
  const unfinished = `${path}.unfinished`;
  try {
    const report = await writeLog(chunks, unfinished);
    await rename(unfinished, path);
    syncFolder(dirname(path));
    return report;
  } catch (error) {
    await rm(unfinished, { force: true });
    const code = systemCode(error);
    if (error instanceof HostError || code === undefined) throw error;
    throw new HostError({
      code: "audit/cannot_write",
      message: `${path} cannot be written (${code}).`,
      fix: "Name a file in a folder that you may write to.",
      exitStatus: EXIT.cannotCreate,
      cause: error,
    });
  }
}

async function writeLog(chunks: AsyncIterable<Uint8Array>, path: string): Promise<ExportReport> {
  const file = await open(path, "w", 0o600);
  const sha256 = createHash("sha256");
  try {
    const report = await verifyStream(
      (async function* () {
        for await (const chunk of chunks) {
          await file.write(chunk);
          sha256.update(chunk);
          yield chunk;
        }
      })(),
    );
    await file.sync();
    return { ...report, sha256: sha256.digest("hex") };
  } finally {
    await file.close();
  }
}
