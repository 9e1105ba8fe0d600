/** The kind and size of a picture, from its first bytes: what a model server is about to decode, and how much that may be. Pure and total. */

/** Pictures of one prompt. */
export const MAX_PICTURES = 4;
/** One picture that a model is shown. */
export const MAX_PICTURE_BYTES = 4 * 1024 * 1024;
/** What a server decodes it to takes four bytes for each. */
export const MAX_PICTURE_PIXELS = 32_000_000;

export interface PictureHeader {
  format: "png" | "jpeg" | "webp";
  width: number;
  height: number;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Markers of a JPEG frame that begin like one but are none: tables and reserved ones. */
const NO_FRAME: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
const SCAN = 0xda;

/** Undefined for bytes that begin no picture of these formats, or state no size. */
export function parsePicture(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = parsePng(view) ?? parseWebp(view) ?? parseJpeg(view);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

/** Bits of a WebP's header: it holds EXIF, or XMP. */
const WEBP_METADATA = 0x0c;
const APP1 = 0xe1;
const PNG_TEXTS: ReadonlySet<string> = new Set(["eXIf", "tEXt", "zTXt", "iTXt"]);

/**
 * True where the first bytes of a picture hold more than what is seen: where and with what it was taken, how it is to be
 * turned. What a PNG says after its picture is not looked at.
 */
export function holdsMetadata(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (parsePicture(bytes)?.format) {
    case "jpeg":
      return hasSegment(view, APP1);
    case "png":
      return hasChunk(view, PNG_TEXTS);
    case "webp":
      return textAt(view, 12) === "VP8X" && (view.getUint8(20) & WEBP_METADATA) !== 0;
    default:
      return false;
  }
}

function hasSegment(view: DataView, wanted: number): boolean {
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === wanted) return true;
    if (marker === SCAN) return false;
    at += marker === 0xff ? 1 : 2 + Math.max(2, view.getUint16(at + 2));
  }
  return false;
}

function hasChunk(view: DataView, wanted: ReadonlySet<string>): boolean {
  let at = PNG.length;
  while (at + 8 <= view.byteLength) {
    if (wanted.has(textAt(view, at + 4))) return true;
    at += view.getUint32(at) + 12;
  }
  return false;
}

function parsePng(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 24 || PNG.some((byte, index) => view.getUint8(index) !== byte)) return;
  if (textAt(view, 12) !== "IHDR") return;
  return { format: "png", width: view.getUint32(16), height: view.getUint32(20) };
}

function parseWebp(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 30 || textAt(view, 0) !== "RIFF" || textAt(view, 8) !== "WEBP") return;
  const format = "webp";
  switch (textAt(view, 12)) {
    case "VP8 ":
      return {
        format,
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { format, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { format, width: uint24At(view, 24) + 1, height: uint24At(view, 27) + 1 };
    default:
      return undefined;
  }
}

/** Segments are walked up to the one that states the frame's size. */
function parseJpeg(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return;
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === SCAN) return;
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.has(marker))
      return { format: "jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return undefined;
}

function textAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)));
}

function uint24At(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}
