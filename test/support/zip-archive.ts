/** A ZIP archive as a test writes it: packed files, and sizes that it may lie about. */
import { deflateRawSync } from "node:zlib";

export interface ZipFile {
  name: string;
  content: Uint8Array | string;
  method?: number;
  /** What the archive's list says of it, where it lies. */
  stated?: { packedBytes?: number; offset?: number; flags?: number };
}

export function zipOf(files: readonly ZipFile[]): Uint8Array {
  const chunks: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 8, stated = {} } of files) {
    const plain = Buffer.from(content);
    const packed = method === 8 ? deflateRawSync(plain) : plain;
    const title = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(title.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(stated.flags ?? 0, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(stated.packedBytes ?? packed.length, 20);
    entry.writeUInt32LE(plain.length, 24);
    entry.writeUInt16LE(title.length, 28);
    entry.writeUInt32LE(stated.offset ?? offset, 42);
    chunks.push(local, title, packed);
    list.push(entry, title);
    offset += 30 + title.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...chunks, ...list, end]));
}

/** A Word document of these paragraphs. */
export function docxOf(paragraphs: readonly string[]): Uint8Array {
  const body = paragraphs.map(
    (text) => `<w:p><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`,
  );
  const xml = `<?xml version="1.0"?><w:document xmlns:w="x"><w:body>${body.join("")}</w:body></w:document>`;
  return zipOf([
    { name: "[Content_Types].xml", content: "<Types/>" },
    { name: "word/document.xml", content: xml },
  ]);
}
