/** Reads the documents of a message out of the session's store, and says which ones it cannot. */
import type { MediaRef } from "../../core/message.ts";
import { type DocumentKind, documentKind } from "../../documents/kind.ts";
import { readDocument } from "../../documents/read-document.ts";
import { type Lang, phrase } from "../../phrases/phrase.ts";
import type { ReadDocument } from "../../turn/documents.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { readPdf } from "./file-reader.ts";

export interface DocumentsRead {
  documents: ReadDocument[];
  /** Sentences about documents that could not be read. */
  problems: string[];
}

/** Only what is in the store is read; what could not be kept was said already. */
export async function readDocuments(
  parts: SessionParts,
  media: readonly MediaRef[],
  lang: Lang,
): Promise<DocumentsRead> {
  const read: DocumentsRead = { documents: [], problems: [] };
  for (const item of media) {
    const kind = documentKind(item);
    if (item.fileId === undefined || !kind) continue;
    const document = await readOne(parts, item, item.fileId, kind);
    if (document) read.documents.push(document);
    else read.problems.push(phrase(lang, "documentUnreadable", { name: nameOf(item) }));
  }
  return read;
}

function nameOf({ name, kind }: MediaRef): string {
  return name ?? kind;
}

async function readOne(
  { files, env }: SessionParts,
  item: MediaRef,
  fileId: string,
  kind: DocumentKind,
): Promise<ReadDocument | undefined> {
  if (!(await files.describe(fileId))) return undefined;
  const { body } = await files.read(fileId);
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  const read = kind === "pdf" ? await readPdf(env, bytes) : await readDocument(kind, bytes);
  return read && read.text !== "" ? { name: nameOf(item), ...read } : undefined;
}
