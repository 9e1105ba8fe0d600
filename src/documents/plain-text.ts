/** The letters of a text file: UTF-8, UTF-16 with its mark, or the usual Chinese and Western encodings. Pure and total. */

/** Control characters that texts hold: tab, line ends, form feed, and the one that colours a log. */
const TEXT_CONTROLS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b]);
const FIRST_LETTER = 0x20;
/** A file of another kind holds others soon. */
const LOOKED_UNITS = 4_000;
/** In a text of Chinese letters they follow each other; in a Western one taken for Chinese they stand alone. */
const CHINESE = /\p{Script=Han}{2}/u;

/** Undefined for bytes that are no text. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const text = decode(bytes);
  if (text === undefined || !isText(text)) return undefined;
  return text.replace(/\r\n?/g, "\n").replaceAll("\0", "").toWellFormed();
}

function isText(text: string): boolean {
  for (let index = 0; index < Math.min(text.length, LOOKED_UNITS); index += 1) {
    const code = text.charCodeAt(index);
    if (code < FIRST_LETTER && !TEXT_CONTROLS.has(code)) return false;
  }
  return true;
}

function decode(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  const unicode = decodeAs("utf-8", bytes);
  if (unicode !== undefined) return unicode;
  const chinese = decodeAs("gb18030", bytes);
  if (chinese !== undefined && CHINESE.test(chinese)) return chinese;
  return decodeAs("windows-1252", bytes);
}

function decodeAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined; // a TypeError: not of this encoding
  }
}
