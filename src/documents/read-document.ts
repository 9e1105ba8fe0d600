/** The text of a document, whatever its form, bounded. Total: bytes that are none of what they say are undefined. */
import { MAX_DOCUMENT_UNITS } from "../core/file-reader-protocol.ts";
import { type ReadText, readDocx } from "./docx-text.ts";
import type { DocumentKind } from "./kind.ts";
import { readPageText } from "./page-text.ts";
import { decodeText } from "./plain-text.ts";

/** Of a text file; the rest is not looked at. */
const MAX_TEXT_BYTES = 4 * MAX_DOCUMENT_UNITS;

/** Undefined for bytes that are no such document. PDF is not read here: file-reader-protocol.ts. */
export async function readDocument(
  kind: Exclude<DocumentKind, "pdf">,
  bytes: Uint8Array,
): Promise<ReadText | undefined> {
  const read = kind === "docx" ? await readDocx(bytes) : readLetters(kind, bytes);
  return read && cutText(read);
}

function readLetters(kind: "text" | "html", bytes: Uint8Array): ReadText | undefined {
  const isCut = bytes.length > MAX_TEXT_BYTES;
  const letters = decodeText(isCut ? wholeLetters(bytes) : bytes);
  if (letters === undefined) return undefined;
  return { text: kind === "html" ? readPageText(letters) : letters.trim(), isCut };
}

/** Ends before a letter of several bytes that would be cut, as UTF-8 has them. */
function wholeLetters(bytes: Uint8Array): Uint8Array {
  let end = MAX_TEXT_BYTES;
  while (end > MAX_TEXT_BYTES - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

export function cutText({ text, isCut }: ReadText): ReadText {
  if (text.length <= MAX_DOCUMENT_UNITS) return { text, isCut };
  return { text: text.slice(0, MAX_DOCUMENT_UNITS).toWellFormed(), isCut: true };
}
