/** What a Word document (DOCX) says, paragraph by paragraph. Linear in its length; its XML is scanned, and no entity of its own is known. */
import { decodeEntities } from "./page-text.ts";
import { unpackEntry } from "./zip-entry.ts";

/** Of the document's XML, unpacked; what is longer is cut. */
export const MAX_XML_BYTES = 8 * 1024 * 1024;
const TAG_UNITS = 24;

export interface ReadText {
  text: string;
  isCut: boolean;
}

/** Undefined for bytes that are no such document. */
export async function readDocx(bytes: Uint8Array): Promise<ReadText | undefined> {
  const unpacked = await unpackEntry(bytes, "word/document.xml", MAX_XML_BYTES);
  if (!unpacked) return undefined;
  return { text: readWordXml(new TextDecoder().decode(unpacked.bytes)), isCut: unpacked.isCut };
}

/** Text stands in `w:t` only; what was deleted, fields and drawings stand elsewhere. */
export function readWordXml(xml: string): string {
  const pieces: string[] = [];
  let at = 0;
  for (;;) {
    const open = xml.indexOf("<", at);
    const close = open < 0 ? -1 : xml.indexOf(">", open);
    if (close < 0) break;
    const tag = /^<\/?w:([a-zA-Z]+)/.exec(xml.slice(open, open + TAG_UNITS))?.[1];
    const isEnd = xml[open + 1] === "/";
    at = close + 1;
    if (tag === "t" && !isEnd && xml[close - 1] !== "/") {
      const end = xml.indexOf("<", at);
      pieces.push(xml.slice(at, end < 0 ? xml.length : end));
    } else pieces.push(renderTag(tag, isEnd));
  }
  return decodeEntities(pieces.join(""))
    .replace(/\n{3,}/g, "\n\n")
    .trim()
    .toWellFormed();
}

function renderTag(tag: string | undefined, isEnd: boolean): string {
  if (tag === "p" && isEnd) return "\n";
  if (tag === "tc" && isEnd) return "\t";
  if (isEnd) return "";
  if (tag === "tab") return "\t";
  return tag === "br" || tag === "cr" ? "\n" : "";
}
