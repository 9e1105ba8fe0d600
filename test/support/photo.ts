/** A photograph as a test takes it: a JPEG with a red left half, and what a camera says of itself if wanted. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import decode, { init as initDecoder } from "@jsquash/jpeg/decode.js";
import encode, { init as initEncoder } from "@jsquash/jpeg/encode.js";

function wasmOf(file: string): WebAssembly.Module {
  const path = createRequire(import.meta.url).resolve(`@jsquash/jpeg/codec/${file}`);
  return new WebAssembly.Module(readFileSync(path));
}

export async function photoOf(width: number, height: number): Promise<Uint8Array> {
  await initEncoder(wasmOf("enc/mozjpeg_enc.wasm"));
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let at = 0; at < data.length; at += 4)
    if ((at / 4) % width < width / 2) data.set([255, 0, 0, 255], at);
  // The encoder reads these three fields only.
  const image = { data, width, height } as unknown as ImageData;
  return new Uint8Array(await encode(image, { quality: 70 }));
}

/** With an EXIF block: how the camera was held, and `secret` as its maker. */
export function withExif(photo: Uint8Array, orientation: number, secret: string): Uint8Array {
  const text = new TextEncoder().encode(`${secret}\0`);
  const tiff = new DataView(new ArrayBuffer(8 + 2 + 24 + 4 + text.length));
  tiff.setUint32(0, 0x4d4d002a);
  tiff.setUint32(4, 8);
  tiff.setUint16(8, 2);
  const entry = (at: number, tag: number, type: number, count: number) => {
    tiff.setUint16(at, tag);
    tiff.setUint16(at + 2, type);
    tiff.setUint32(at + 4, count);
  };
  entry(10, 0x010f, 2, text.length);
  tiff.setUint32(18, 38);
  entry(22, 0x0112, 3, 1);
  tiff.setUint16(30, orientation);
  new Uint8Array(tiff.buffer).set(text, 38);
  const body = [...new TextEncoder().encode("Exif\0\0"), ...new Uint8Array(tiff.buffer)];
  const length = body.length + 2;
  const segment = [0xff, 0xe1, length >> 8, length & 0xff, ...body];
  return new Uint8Array([...photo.subarray(0, 2), ...segment, ...photo.subarray(2)]);
}

export async function pixelsOf(jpeg: Uint8Array): Promise<ImageData> {
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
  Object.assign(globalThis, { ImageData: PlainImage });
  await initDecoder(wasmOf("dec/mozjpeg_dec.wasm"));
  return decode(new Uint8Array(jpeg).buffer);
}
