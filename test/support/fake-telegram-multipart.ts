/** Reads the multipart bodies that bot libraries send: field values as text, files as bytes. */
import type { CallBody, SentFile } from "./fake-telegram-methods.ts";

const NAME = /name="([^"]*)"/;
const FILE_NAME = /filename=(?:"([^"]*)"|([^\r\n;]*))/;

/** A field whose value is `attach://<part>` holds the file of that part. */
export function readMultipart(body: Buffer, boundary: string): CallBody {
  const fields: CallBody = {};
  const files = new Map<string, SentFile>();
  const mark = Buffer.from(`--${boundary}`);
  let start = body.indexOf(mark);
  while (start >= 0) {
    const end = body.indexOf(mark, start + mark.length);
    if (end < 0) break;
    const part = body.subarray(start + mark.length + 2, end - 2);
    const headEnd = part.indexOf("\r\n\r\n");
    const head = part.subarray(0, headEnd).toString();
    const content = part.subarray(headEnd + 4);
    const name = NAME.exec(head)?.[1] ?? "";
    const fileName = FILE_NAME.exec(head);
    if (fileName)
      files.set(name, { name: fileName[1] ?? fileName[2] ?? "", bytes: Buffer.from(content) });
    else fields[name] = content.toString();
    start = end;
  }
  for (const [name, value] of Object.entries(fields))
    if (typeof value === "string" && value.startsWith("attach://"))
      fields[name] = files.get(value.slice("attach://".length));
  return fields;
}
