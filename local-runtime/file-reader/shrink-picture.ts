/**
 * Makes a picture as small as a model needs it: turned as its camera says, scaled down, and written anew as JPEG, so that
 * nothing but what is seen is left of it (no place, no camera, no thumbnail). Throws for bytes that are no such picture.
 * The decoders are WebAssembly: a flaw in one stays in its own memory.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import decodeJpeg, { init as initJpegDecoder } from "@jsquash/jpeg/decode.js";
import encodeJpeg, { init as initJpegEncoder } from "@jsquash/jpeg/encode.js";
import decodePng, { init as initPng } from "@jsquash/png/decode.js";
import decodeWebp, { init as initWebp } from "@jsquash/webp/decode.js";
import { MAX_DECODED_PIXELS, MAX_SHOWN_SIDE } from "../../src/core/file-reader-protocol.ts";
import { parsePicture } from "../../src/core/picture.ts";
import { type Pixels, scaleDown } from "./scale-down.ts";

const QUALITY = 85;

/** What decoders make; Node has none of its own. */
class PlainImage {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

export async function shrinkPicture(bytes: Uint8Array): Promise<Uint8Array> {
  const header = parsePicture(bytes);
  if (!header || header.width * header.height > MAX_DECODED_PIXELS)
    throw new TypeError("This is no picture that is decoded here.");
  Object.assign(globalThis, { ImageData: PlainImage });
  const small = scaleDown(await decode(header.format, bytes), MAX_SHOWN_SIDE);
  await initJpegEncoder(wasmOf("@jsquash/jpeg", "codec/enc/mozjpeg_enc.wasm"));
  // The encoder reads these three fields only.
  const image = small as unknown as ImageData;
  return new Uint8Array(await encodeJpeg(image, { quality: QUALITY }));
}

async function decode(format: "png" | "jpeg" | "webp", bytes: Uint8Array): Promise<Pixels> {
  const { buffer } = new Uint8Array(bytes);
  switch (format) {
    case "jpeg":
      await initJpegDecoder(wasmOf("@jsquash/jpeg", "codec/dec/mozjpeg_dec.wasm"));
      return decodeJpeg(buffer, { preserveOrientation: true });
    case "png":
      await initPng(wasmOf("@jsquash/png", "codec/pkg/squoosh_png_bg.wasm"));
      return decodePng(buffer);
    case "webp":
      await initWebp(wasmOf("@jsquash/webp", "codec/dec/webp_dec.wasm"));
      return decodeWebp(buffer);
  }
}

function wasmOf(name: string, file: string): WebAssembly.Module {
  const path = createRequire(import.meta.url).resolve(`${name}/${file}`);
  return new WebAssembly.Module(readFileSync(path));
}
