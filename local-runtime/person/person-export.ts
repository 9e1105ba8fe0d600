/** `rockpool person export` and `person verify`: everything of one person, and whether it is unchanged. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import * as v from "valibot";
import { downloadAdmin, findServer } from "../admin/admin-client.ts";
import { EXIT, HostError, systemCode, usageError } from "../host-error.ts";
import { row } from "../screen/start-screen.ts";
import { loadSettings } from "../settings.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { readArchive, readFile, readFolder } from "./person-archive.ts";
import { isReceiptSigned, ReceiptSchema } from "./receipt.ts";
import { type ExportReport, verifyExport } from "./verify-export.ts";

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY = 0o600;
const MAX_RECEIPT_BYTES = 4_096;

export function defineExport(command: Command, shell: Shell): void {
  command
    .command("export")
    .description(
      "Write everything of a person, on every channel: JSON, readable pages and files, signed. Of group conversations only what the person wrote.",
    )
    .argument("<person>", "by id, or by a name that nobody else has; who was removed, by id")
    .requiredOption("--out <place>", "a folder that is not there yet, or a file that ends in .tar")
    .action((person: string, flags: { out: string }) => runExport(shell, person, flags.out));
  command
    .command("verify")
    .description(
      "Verify an export or the receipt of an erasure with the public key alone. The exit status is 0 only where nothing was changed.",
    )
    .argument("<place>", "the folder, the .tar file, or the file of the receipt")
    .option("--public-key <key>", "the key that it must be signed with: 64 hexadecimal digits")
    .action((place: string, flags: { publicKey?: string }) => runVerify(shell, place, flags));
}

async function runExport(shell: Shell, person: string, out: string): Promise<void> {
  const path = argumentPath(shell, out);
  if (existsSync(path))
    throw usageError(`${path} is there already.`, "Name a place where nothing is yet.");
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  try {
    const chunks = downloadAdmin(adminSocket, `/people/${encodeURIComponent(person)}/export`);
    const isFile = out.endsWith(".tar");
    await (isFile ? writeChunks(chunks, unfinished) : unpack(chunks, unfinished));
    const files = isFile ? readArchive(readFile(unfinished)) : readFolder(unfinished);
    const report = await verifyExport(files, undefined);
    renameSync(unfinished, path);
    shell.print(`Wrote ${path}.\n${renderReport(report)}`);
    shell.printJson({ out: path, ...report });
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    const code = systemCode(error);
    if (error instanceof HostError || code === undefined) throw error;
    throw new HostError({
      code: "person/cannot_write",
      message: `${path} cannot be written (${code}).`,
      fix: "Name a place in a folder that you may write to, with room for all files.",
      exitStatus: EXIT.cannotCreate,
      cause: error,
    });
  }
}

async function writeChunks(chunks: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const file = await open(path, "wx", OWNER_ONLY);
  try {
    for await (const chunk of chunks) await file.write(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Paths of an archive stay inside of the folder: its reader takes no others. */
async function unpack(chunks: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  mkdirSync(folder, { mode: OWNER_ONLY_FOLDER });
  for await (const { path, bytes } of readArchive(chunks)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: OWNER_ONLY_FOLDER });
    await writeFile(target, bytes, { mode: OWNER_ONLY, flag: "wx" });
  }
}

async function runVerify(
  shell: Shell,
  place: string,
  { publicKey }: { publicKey?: string },
): Promise<void> {
  if (publicKey !== undefined && !/^[0-9a-f]{64}$/.test(publicKey))
    throw usageError("The public key is wrong.", "It has 64 hexadecimal digits.");
  const path = argumentPath(shell, place);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw usageError(`${path} is not there.`, "Check the path.");
  const isReceipt = stats.isFile() && stats.size <= MAX_RECEIPT_BYTES;
  const ok = isReceipt
    ? verifyReceipt(shell, path, publicKey)
    : await verifyPlace(shell, path, stats.isDirectory(), publicKey);
  if (!ok) process.exitCode = EXIT.failure;
}

async function verifyPlace(
  shell: Shell,
  path: string,
  isFolder: boolean,
  publicKey: string | undefined,
): Promise<boolean> {
  const files = isFolder ? readFolder(path) : readArchive(readFile(path));
  const report = await verifyExport(files, publicKey);
  shell.print(renderReport(report));
  shell.printJson(report);
  return report.ok;
}

function verifyReceipt(shell: Shell, path: string, publicKey: string | undefined): boolean {
  const parsed = v.safeParse(ReceiptSchema, parseJson(readFileSync(path, "utf8")));
  const ok = parsed.success && isReceiptSigned(parsed.output, publicKey);
  shell.print(ok ? "The receipt is genuine." : "THIS IS NO GENUINE RECEIPT.");
  shell.printJson({ ok });
  return ok;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function renderReport({
  ok,
  personId,
  madeAt,
  publicKey,
  files,
  sizeBytes,
  findings,
}: ExportReport) {
  return [
    ok ? "The export is whole." : "THE EXPORT IS NOT WHOLE.",
    ...row("Person", [personId]),
    ...row("Made", [madeAt]),
    ...row("Key", [publicKey]),
    ...row("Files", [`${files}, ${sizeBytes} bytes`]),
    ...row("Findings", findings),
  ].join("\n");
}
