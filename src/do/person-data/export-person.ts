/** Everything that the box has of one person, over all channels, as an archive that is made while it is read. */
import { type AuditActor, auditEvent, MAX_AUDIT_PAGE } from "../../core/audit.ts";
import type { ErasureReceipt } from "../../core/erasure.ts";
import type { ExportedFile } from "../../core/exported-talk.ts";
import { decodeSessionKey, type PersonId, type SessionKey } from "../../core/ids.ts";
import { renderTimestamp } from "../../core/time-zone.ts";
import { loadPersonIdentities, readPersonTurns, readPersonUsage } from "../../db/person-rows.ts";
import type { Env } from "../../env.ts";
import { openAudit, recordAudit } from "../audit/audit-client.ts";
import { openCredentials } from "../credentials/credentials-client.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { openOptions } from "../isolate.ts";
import { Readable } from "../session/readable.ts";
import { ExportArchive } from "./export-archive.ts";
import { escapeHtml, renderHtml, renderLinks, renderMessage, safeEnding } from "./export-page.ts";
import { renderRecord } from "./export-record.ts";
import type { Exportable } from "./find-exportable.ts";
import { findTalks } from "./find-talks.ts";

/** Rows of one file: what has no end (turns, entries of logs) stands in several. */
export const FILE_ROWS = 5_000;

interface Export {
  env: Env;
  ids: PersonId[];
  archive: ExportArchive;
  pages: { path: string; label: string }[];
  /** What could not be read for it, in words. */
  missing: string[];
}

/** Throws audit/unavailable before the first byte. */
export async function exportPerson(
  env: Env,
  person: Exportable,
  by: AuditActor,
): Promise<AsyncGenerator<Uint8Array>> {
  await recordAudit(env, auditEvent("person.exported", by, {}, { subjectId: person.id }));
  return writeExport(env, person);
}

async function* writeExport(env: Env, person: Exportable): AsyncGenerator<Uint8Array> {
  const nowMs = Date.now();
  const madeAt = renderTimestamp(nowMs, openOptions(env).ROCKPOOL_TIME_ZONE);
  const { ids } = person;
  const archive = new ExportArchive(person.id, madeAt, nowMs);
  const all: Export = { env, ids, archive, pages: [], missing: [] };
  yield* writePerson(all, person);
  const sessions = await findTalks(env, ids);
  for (const [index, session] of sessions.entries())
    yield* writeTalk(all, session, `conversations/${index + 1}`);
  yield* writeLogs(all);
  const about = `<p>Made at ${madeAt}. Every file stands beside this page, as JSON and as pages; manifest.json names each with its SHA-256.</p>`;
  const missing = all.missing.map((line) => `<p>${escapeHtml(line)}</p>`).join("\n");
  yield* archive.add(
    "index.html",
    renderHtml("Rockpool", about + missing + renderLinks(all.pages)),
  );
  yield* archive.finish((text) => openAudit(env).sign(text));
}

async function* writePerson(all: Export, { id, about: known, isRemoved }: Exportable) {
  const { env, ids } = all;
  const directory = openDirectory(env);
  const credentials = openCredentials(env);
  const readable = new Readable();
  const [facts, zone, keys, handovers, signIns, devices, identities, erasures] = await Promise.all([
    readable.open(directory.facts(id)),
    directory.zone(id),
    directory.apiKeys(id),
    directory.handoversOf(ids),
    credentials.credentials(id),
    credentials.devices(id),
    loadPersonIdentities(env.DB, ids),
    isRemoved ? loadReceipts(env, ids) : [],
  ]);
  noteUnreadable(all, "memory", readable.unreadable);
  const about = {
    ...known,
    id,
    isRemoved,
    ...(erasures.length > 0 ? { erasures } : {}),
    timeZone: zone ?? null,
    identities,
  };
  const files = {
    person: about,
    memory: facts ?? [],
    "api-keys": keys,
    "sign-ins": { ...signIns, devices: devices.map(({ isThis: _, ...device }) => device) },
    "hand-overs": handovers,
  };
  for (const [name, value] of Object.entries(files)) yield* writeRecord(all, name, name, value);
  yield* writeRows(all, "turns", readPersonTurns(env.DB, ids));
  yield* writeRows(all, "usage", readPersonUsage(env.DB, ids));
}

/** The first file has the name alone, and is there without a row, too. */
async function* writeRows(all: Export, name: string, rows: AsyncIterable<unknown>) {
  let held: unknown[] = [];
  let files = 0;
  const nextPath = () => {
    files += 1;
    return files === 1 ? name : `${name}-${files}`;
  };
  for await (const row of rows) {
    if (held.length >= FILE_ROWS) {
      const path = nextPath();
      yield* writeRecord(all, path, path, held);
      held = [];
    }
    held.push(row);
  }
  const path = nextPath();
  yield* writeRecord(all, path, path, held);
}

/** As JSON and as a page. */
async function* writeRecord(
  { archive, pages }: Export,
  path: string,
  label: string,
  value: unknown,
) {
  pages.push({ path: `${path}.html`, label });
  yield* archive.add(`${path}.json`, toJson(value));
  yield* archive.add(`${path}.html`, renderHtml(label, renderRecord(value)));
}

/** Of erasures that are done. */
async function loadReceipts(env: Env, ids: readonly PersonId[]): Promise<ErasureReceipt[]> {
  const states = await Promise.all(ids.map((id) => env.ERASURE.getByName(id).state()));
  return states.flatMap((state) => (state.status === "done" ? [state.receipt] : []));
}

async function* writeTalk(all: Export, session: SessionKey, folder: string) {
  const { env, ids, archive, pages } = all;
  const object = env.SESSION.getByName(session);
  const talk = await object.describeTalk(ids);
  const address = decodeSessionKey(session);
  const channel = address?.channel ?? "conversation";
  const name = `${channel} ${folder.split("/")[1]}`;
  noteUnreadable(all, folder, talk.unreadable);
  yield* writeRecord(all, `${folder}/about`, `${name}, about`, { session, ...address, ...talk });
  const paths = new Map<string, string>();
  yield* writeFiles(all, { session, folder, paths }, talk.files);
  let afterSeq = 0;
  for (let page = 1; ; page += 1) {
    const read = await object.readTalk(ids, { afterSeq, isShared: talk.isShared });
    if (read.nextSeq === undefined) return;
    afterSeq = read.nextSeq;
    noteUnreadable(all, `${folder}/page-${page}`, read.unreadable);
    yield* writeFiles(all, { session, folder, paths }, read.files);
    const html = read.messages.map((message) => renderMessage(message, (id) => paths.get(id)));
    const label = `${name}, page ${page}`;
    pages.push({ path: `${folder}/page-${page}.html`, label });
    yield* archive.add(`${folder}/page-${page}.json`, toJson(read.messages));
    yield* archive.add(`${folder}/page-${page}.html`, renderHtml(label, html.join("\n")));
  }
}

function noteUnreadable({ missing }: Export, place: string, count: number): void {
  if (count > 0)
    missing.push(
      `Left out of ${place}: ${count} that cannot be opened, changed or damaged on disk.`,
    );
}

/** Each once, under its id; `paths` says where. */
async function* writeFiles(
  all: Export,
  { session, folder, paths }: { session: SessionKey; folder: string; paths: Map<string, string> },
  files: readonly ExportedFile[],
) {
  for (const { id, name } of files) {
    if (paths.has(id)) continue;
    const path = `files/${id}${safeEnding(name)}`;
    paths.set(id, path);
    const bytes = await readFile(all.env, session, id);
    if (bytes) yield* all.archive.add(`${folder}/${path}`, bytes);
    else noteUnreadable(all, `${folder}/${path}`, 1);
  }
}

/**
 * Undefined for one that does not open to its end. Why a stream broke off is not told across objects: one that does so
 * twice is unreadable, as the object that it comes from is there again at the second time.
 */
async function readFile(
  env: Env,
  session: SessionKey,
  id: string,
): Promise<Uint8Array | undefined> {
  for (let tries = 0; tries < 2; tries += 1) {
    const { body, sizeBytes } = await env.SESSION.getByName(session).ownFile(id);
    const read = await new Response(body).arrayBuffer().catch(() => undefined);
    if (read?.byteLength === sizeBytes) return new Uint8Array(read);
  }
  return undefined;
}

/** Entries of the audit log by or about the person, and the person's calls of the administration. */
async function* writeLogs(all: Export) {
  const { env, ids } = all;
  const audit = openAudit(env);
  const entries = (id: PersonId, seq: number) => audit.entriesOf(id, seq, MAX_AUDIT_PAGE);
  const accesses = (id: PersonId, seq: number) => audit.accessOf(id, seq, MAX_AUDIT_PAGE);
  yield* writeRows(all, "audit", readLog(ids, entries));
  yield* writeRows(all, "access", readLog(ids, accesses));
}

async function* readLog<Entry extends { seq: number }>(
  ids: readonly PersonId[],
  load: (id: PersonId, afterSeq: number) => Promise<Entry[]>,
) {
  for (const id of ids)
    for (let afterSeq = 0; ; ) {
      const page = await load(id, afterSeq);
      yield* page;
      const last = page.at(-1);
      if (!last) break;
      afterSeq = last.seq;
    }
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
