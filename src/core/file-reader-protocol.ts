/**
 * What the Worker asks of the program beside it that opens files of strangers: PDF documents and pictures. Decoding them
 * takes time and memory that a file may choose, so it has a process of its own for each. Types and limits of both sides.
 */

/** One address for each kind of work. The body is the file. */
export const FILE_WORK = { pdf: "/pdf", picture: "/picture" } as const;
export type FileWork = keyof typeof FILE_WORK;

/** Longest text that is taken of one document, in UTF-16 units: some 200 pages. What is longer is cut. */
export const MAX_DOCUMENT_UNITS = 400_000;

/** What a PDF says. */
export interface PdfText {
  text: string;
  isCut: boolean;
}

/** As it crosses the socket: the text behind one letter. */
export function renderPdfText({ text, isCut }: PdfText): string {
  return (isCut ? "-" : "+") + text;
}

/** Undefined for what is no such answer. */
export function parsePdfText(answer: string): PdfText | undefined {
  const isCut = answer.startsWith("-");
  if (!isCut && !answer.startsWith("+")) return undefined;
  return { text: answer.slice(1, 1 + MAX_DOCUMENT_UNITS).toWellFormed(), isCut };
}

/** Longest side of a picture that a model is shown: more is no use to the models that run on a box. */
export const MAX_SHOWN_SIDE = 1_536;
/** Largest picture that is decoded: what the best phones take. Read from its first bytes, before. */
export const MAX_DECODED_PIXELS = 50_000_000;
