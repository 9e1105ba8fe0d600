/** `rockpool audit list|access|export|verify|checkpoint`: the log of who did what. */
import { createReadStream, readFileSync } from "node:fs";
import type { Command } from "commander";
import * as v from "valibot";
import { renderCheckpoint } from "../../src/core/audit-record.ts";
import { callAdmin, downloadAdmin, findServer } from "../admin/admin-client.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import { renderAccess, renderEntries, renderReport } from "../audit/audit-text.ts";
import { exportLog } from "../audit/export-log.ts";
import type { LogReport, Trusted } from "../audit/log-verifier.ts";
import { AccessSchema, CheckpointSchema, EntrySchema } from "../audit/record-schema.ts";
import { parseCheckpoint, verifyStream } from "../audit/verify-stream.ts";
import { defineGroup } from "../command-group.ts";
import { EXIT, HostError, systemCode, usageError } from "../host-error.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";

interface VerifyFlags {
  file?: string;
  publicKey?: string;
  checkpoint?: string;
}

const MAX_CHECKPOINT_BYTES = 4_096;

export function defineCommand(command: Command, shell: Shell): void {
  defineGroup(command);
  command
    .command("list")
    .description("Show the newest entries.")
    .option("--limit <count>", "how many, at most 500", "50")
    .option("--action <action>", "only this action, or all that begin so (apikey.)")
    .action((flags: { limit: string; action?: string }) => runList(shell, flags));
  command
    .command("access")
    .description("Show who opened which address of the administration last.")
    .option("--limit <count>", "how many, at most 500", "50")
    .action((flags: { limit: string }) => runAccess(shell, flags));
  command
    .command("export")
    .description("Write the whole log into a file that can be verified anywhere.")
    .requiredOption("--out <file>", "where to write it")
    .action((flags: { out: string }) => runExport(shell, flags.out));
  command
    .command("verify")
    .description(
      "Find any entry that was changed, left out, put elsewhere or cut off. Without --file the log of the running server is verified. The exit status is 0 only for a log without a finding.",
    )
    .option("--file <file>", "verify an export: no server is needed")
    .option("--public-key <key>", "the key that it must be signed with: 64 hexadecimal digits")
    .option("--checkpoint <file>", "a checkpoint that you kept: finds a log that was rolled back")
    .action((flags: VerifyFlags) => runVerify(shell, flags));
  command
    .command("checkpoint")
    .description("Print how long the log is and how it ends, signed: keep it elsewhere.")
    .option("--out <file>", "write it into a file")
    .action((flags: { out?: string }) => runCheckpoint(shell, flags.out));
}

function socketOf(shell: Shell): string {
  return findServer(loadSettings(shell).dataDir).adminSocket;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= 500) return limit;
  throw usageError("The limit is wrong.", "Give a whole number from 1 to 500.");
}

async function runList(shell: Shell, flags: { limit: string; action?: string }): Promise<void> {
  const query = new URLSearchParams({ limit: String(parseLimit(flags.limit)) });
  if (flags.action !== undefined) query.set("action", flags.action);
  const entries = await callAdmin(socketOf(shell), {
    method: "GET",
    path: `/audit?${query}`,
    reply: v.array(EntrySchema),
  });
  shell.print(renderEntries(entries));
  shell.printJson(entries);
}

async function runAccess(shell: Shell, flags: { limit: string }): Promise<void> {
  const entries = await callAdmin(socketOf(shell), {
    method: "GET",
    path: `/audit/access?limit=${parseLimit(flags.limit)}`,
    reply: v.array(AccessSchema),
  });
  shell.print(renderAccess(entries));
  shell.printJson(entries);
}

async function runExport(shell: Shell, out: string): Promise<void> {
  const path = argumentPath(shell, out);
  const report = await exportLog(downloadAdmin(socketOf(shell), "/audit/export"), path);
  shell.print(`Wrote ${path}.\n${renderReport(report)}`);
  shell.printJson({ file: path, ...report });
  if (!report.ok) process.exitCode = EXIT.failure;
}

async function runVerify(shell: Shell, flags: VerifyFlags): Promise<void> {
  const trusted = readTrusted(shell, flags);
  const report = await verifyStream(openLog(shell, flags.file), trusted);
  shell.print(renderReport(report));
  shell.printJson(report satisfies LogReport);
  if (!report.ok) process.exitCode = EXIT.failure;
}

function openLog(shell: Shell, file: string | undefined): AsyncIterable<Uint8Array> {
  if (file === undefined) return downloadAdmin(socketOf(shell), "/audit/export");
  return readChunks(argumentPath(shell, file));
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
      yield chunk as Uint8Array; // no encoding was set: chunks are bytes
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function readTrusted(shell: Shell, { publicKey, checkpoint: file }: VerifyFlags): Trusted {
  if (publicKey !== undefined && !/^[0-9a-f]{64}$/.test(publicKey))
    throw usageError(
      "The public key is wrong.",
      "It has 64 hexadecimal digits, as `npx rockpool audit checkpoint` prints it.",
    );
  const checkpoint = file === undefined ? undefined : readCheckpoint(argumentPath(shell, file));
  return {
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
}

function readCheckpoint(path: string) {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const checkpoint = text.length > MAX_CHECKPOINT_BYTES ? undefined : parseCheckpoint(text);
  if (checkpoint) return checkpoint;
  throw usageError(
    `${path} is no checkpoint.`,
    "It is the one line that `npx rockpool audit checkpoint` prints.",
  );
}

function unreadable(path: string, cause: unknown): HostError {
  return new HostError({
    code: "audit/unreadable",
    message: `${path} cannot be read (${systemCode(cause) ?? "unknown"}).`,
    fix: "Check the path and who may read it.",
    exitStatus: EXIT.io,
    cause,
  });
}

async function runCheckpoint(shell: Shell, out: string | undefined): Promise<void> {
  const checkpoint = await callAdmin(socketOf(shell), {
    method: "GET",
    path: "/audit/checkpoint",
    reply: CheckpointSchema,
  });
  const line = renderCheckpoint(checkpoint);
  if (out !== undefined) writeFileAtomic(argumentPath(shell, out), `${line}\n`);
  shell.print(line);
  shell.printJson(checkpoint);
}
