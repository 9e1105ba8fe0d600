/**
 * A program that opens one file and ends: the file comes on standard input, what is in it leaves on standard output. It
 * runs with the right to read its own code and nothing else, and is the first to go where memory is short.
 */
import { renderPdfText } from "../../src/core/file-reader-protocol.ts";
import { readPdf } from "./read-pdf.ts";
import { shrinkPicture } from "./shrink-picture.ts";

const bytes: Uint8Array[] = [];
for await (const chunk of process.stdin) bytes.push(chunk);
const file = new Uint8Array(Buffer.concat(bytes));
const answer =
  process.argv[2] === "pdf" ? renderPdfText(await readPdf(file)) : await shrinkPicture(file);
process.stdout.write(answer);
