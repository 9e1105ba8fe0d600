/** The text of a PDF, page by page, until enough was read. Throws for bytes that are none, and for one with a password. */
import { getDocumentProxy } from "unpdf";
import { MAX_DOCUMENT_UNITS, type PdfText } from "../../src/core/file-reader-protocol.ts";

const MAX_PAGES = 2_000;

interface TextItem {
  str: string;
  hasEOL: boolean;
}

export async function readPdf(bytes: Uint8Array): Promise<PdfText> {
  const pdf = await getDocumentProxy(bytes);
  const pages: string[] = [];
  let units = 0;
  const count = Math.min(pdf.numPages, MAX_PAGES);
  for (let number = 1; number <= count && units <= MAX_DOCUMENT_UNITS; number += 1) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const text = items.flatMap((item) => ("str" in item ? [lineOf(item)] : [])).join("");
    page.cleanup();
    pages.push(text.trim());
    units += text.length;
  }
  const text = pages
    .filter((page) => page !== "")
    .join("\n\n")
    .toWellFormed();
  const isCut = pages.length < pdf.numPages || text.length > MAX_DOCUMENT_UNITS;
  return { text: text.slice(0, MAX_DOCUMENT_UNITS).toWellFormed(), isCut };
}

function lineOf({ str, hasEOL }: TextItem): string {
  return hasEOL ? `${str}\n` : str;
}
