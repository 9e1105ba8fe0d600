/** The text of a document, whatever its form, bounded. Total: bytes that are none of what they say are undefined. */
import { type ReadText, readDocx } from "./docx-text.ts";
import type { DocumentKind } from "./kind.ts";
import { readPageText } from "./page-text.ts";
import { decodeText } from "./plain-text.ts";

/** Longest text that is taken of one document, in UTF-16 units: some 200 pages. What is longer is cut. */
export const MAX_DOCUMENT_UNITS = 400_000;
/** Of a text file; the rest is not looked at. */
const MAX_TEXT_BYTES = 4 * MAX_DOCUMENT_UNITS;

/** Undefined for bytes that are no such document. Of a form that this place cannot read, too. */
export async function readDocument(
  kind: DocumentKind,
  bytes: Uint8Array,
): Promise<ReadText | undefined> {
  const read = kind === "docx" ? await readDocx(bytes) : readLetters(kind, bytes);
  return read && cutText(read);
}

function readLetters(kind: DocumentKind, bytes: Uint8Array): ReadText | undefined {
  if (kind === "pdf") return undefined;
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
