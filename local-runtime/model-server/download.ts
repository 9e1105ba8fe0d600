/**
 * Downloads one large file: goes on where an earlier try was cut, holds it to its size and hash, and puts it in its place
 * in one step. Until then it is `<path>.part`, which a later try takes up.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { syncFolder } from "../atomic-file.ts";
import { megabytes, RESERVE_BYTES } from "../backup/backup-space.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

/** In a row, each without a single new byte. */
export const MAX_TRIES = 5;
const RETRY_WAIT_MS = 1_000;
/** For the head of an answer, and between two pieces of its body. */
const SILENCE_MS = 30_000;

export interface Download {
  url: string;
  path: string;
  sizeBytes: number;
  sha256: string;
  onProgress(completedBytes: number): void;
  /** Before the second try; doubles with each. */
  retryWaitMs?: number;
}

/** Throws model/no_space, model/disk_full, model/offline, model/download_refused, model/cut_off or model/wrong_hash. */
export async function download(job: Download): Promise<void> {
  const part = `${job.path}.part`;
  // A command that was killed in its last moment has left the file in its place, and nobody knows of it.
  if (sizeOf(job.path) === job.sizeBytes && (await hashOf(job.path)) === job.sha256) return;
  verifyRoom(job, sizeOf(part));
  await fetchAll(job, part);
  await verifyHash(job, part);
  renameSync(part, job.path);
  syncFolder(dirname(job.path));
}

async function fetchAll(job: Download, part: string): Promise<void> {
  const { retryWaitMs = RETRY_WAIT_MS } = job;
  let failure: unknown;
  let idleTries = 0;
  while (sizeOf(part) !== job.sizeBytes) {
    if (idleTries === MAX_TRIES) throw explainFetch(job, part, failure);
    if (failure !== undefined) await sleep(retryWaitMs * 2 ** idleTries);
    const beforeBytes = sizeOf(part);
    failure = await tryRest(job, part, beforeBytes);
    idleTries = sizeOf(part) > beforeBytes ? 0 : idleTries + 1;
  }
}

/** Answers why it was cut short. */
async function tryRest(job: Download, part: string, doneBytes: number): Promise<unknown> {
  try {
    await fetchRest(job, part, doneBytes > job.sizeBytes ? 0 : doneBytes);
    return "the connection was closed";
  } catch (error) {
    if (error instanceof HostError) throw error;
    return error;
  }
}

/** One request. Settles at the end of its body, also where that was cut short. */
async function fetchRest(job: Download, part: string, fromBytes: number): Promise<void> {
  const silence = createSilence();
  try {
    const response = await fetch(job.url, {
      headers: fromBytes > 0 ? { range: `bytes=${fromBytes}-` } : {},
      signal: silence.signal,
    });
    const goesOn = response.status === 206 && startOf(response) === fromBytes;
    if (!goesOn && response.status !== 200) {
      await response.body?.cancel();
      // A part that the server cannot go on with is worth nothing.
      if (fromBytes > 0) rmSync(part, { force: true });
      else throw refused(job, response.status);
      return;
    }
    const file = openSync(part, goesOn ? "a" : "w", 0o600);
    try {
      await writeBody(response, file, job, { doneBytes: goesOn ? fromBytes : 0, silence });
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } finally {
    silence.end();
  }
}

async function writeBody(
  response: Response,
  file: number,
  job: Download,
  state: { doneBytes: number; silence: Silence },
): Promise<void> {
  for await (const bytes of response.body ?? []) {
    state.silence.broken();
    state.doneBytes += bytes.length;
    if (state.doneBytes > job.sizeBytes) throw wrongFile(job, "it is longer");
    writeAll(file, bytes, job);
    job.onProgress(state.doneBytes);
  }
}

function writeAll(file: number, bytes: Uint8Array, job: Download): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  } catch (error) {
    if (systemCode(error) !== "ENOSPC" && systemCode(error) !== "EDQUOT") throw error;
    throw new HostError({
      code: "model/disk_full",
      message: `The disk of ${dirname(job.path)} is full.`,
      fix: "Free some space (df -h shows how much is left), then run this again: it goes on where it stopped.",
      exitStatus: EXIT.cannotCreate,
    });
  }
}

interface Silence {
  signal: AbortSignal;
  /** Something came. */
  broken(): void;
  end(): void;
}

function createSilence(): Silence {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("nothing came")), SILENCE_MS);
  return {
    signal: controller.signal,
    broken: () => timer.refresh(),
    end: () => clearTimeout(timer),
  };
}

function startOf(response: Response): number | undefined {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return start === undefined ? undefined : Number(start);
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

function verifyRoom({ path, sizeBytes }: Download, doneBytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const neededBytes = Math.max(0, sizeBytes - doneBytes) + RESERVE_BYTES;
  if (bavail * bsize >= neededBytes) return;
  throw new HostError({
    code: "model/no_space",
    message: `The disk of ${dirname(path)} has ${megabytes(bavail * bsize)} free; ${megabytes(neededBytes)} are needed.`,
    fix: "Free some space (df -h shows how much is left), or set ROCKPOOL_DATA to a folder on another disk.",
    exitStatus: EXIT.cannotCreate,
  });
}

async function verifyHash(job: Download, part: string): Promise<void> {
  if ((await hashOf(part)) === job.sha256) return;
  rmSync(part, { force: true });
  throw wrongFile(job, "its SHA-256 is another one");
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes);
  return hash.digest("hex");
}

function wrongFile({ url }: Download, what: string): HostError {
  return new HostError({
    code: "model/wrong_hash",
    message: `What came from ${new URL(url).host} is not the file that was published: ${what}. It was thrown away.`,
    fix: "Run this again. If it stays so, the file was replaced there: choose another model (`npx rockpool model list`).",
    exitStatus: EXIT.unavailable,
  });
}

function refused({ url }: Download, status: number): HostError {
  return new HostError({
    code: "model/download_refused",
    message: `${new URL(url).host} answers ${status} for the model's file.`,
    fix: `Try again later, or download ${url} yourself and type \`npx rockpool model use <file>\`.`,
    exitStatus: EXIT.unavailable,
  });
}

function explainFetch({ url, sizeBytes }: Download, part: string, failure: unknown): HostError {
  const { host } = new URL(url);
  const cause = failure instanceof Error ? failure.cause : undefined;
  const code = systemCode(cause) ?? systemCode(failure);
  const doneBytes = sizeOf(part);
  if (doneBytes === 0)
    return new HostError({
      code: "model/offline",
      message: `${host} cannot be reached${code === undefined ? "" : ` (${code})`}.`,
      fix: `Without a network, bring the file here from elsewhere (${url}) and type \`npx rockpool model use <file>\`.`,
      exitStatus: EXIT.unavailable,
    });
  return new HostError({
    code: "model/cut_off",
    message: `The download from ${host} is cut off again and again; ${megabytes(doneBytes)} of ${megabytes(sizeBytes)} are here.`,
    fix: "Run this again when the network is better: it goes on where it stopped.",
    exitStatus: EXIT.temporary,
  });
}
