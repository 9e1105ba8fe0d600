/** The archive of an export as it is made: each file noted in the manifest, which is signed and comes last. */
import {
  type ExportManifest,
  MANIFEST_PATH,
  type ManifestSignature,
  SIGNATURE_PATH,
  signedManifestText,
} from "../../core/person-export.ts";
import { tarEnd, tarHeader, tarPadding } from "../../core/tar.ts";

export type Sign = (text: string) => Promise<{ publicKey: string; signature: string }>;

const encoder = new TextEncoder();

export class ExportArchive {
  readonly #manifest: ExportManifest;
  readonly #nowMs: number;

  constructor(personId: string, madeAt: string, nowMs: number) {
    this.#manifest = {
      kind: "rockpool-export",
      version: 1,
      person_id: personId,
      made_at: madeAt,
      files: [],
    };
    this.#nowMs = nowMs;
  }

  async *add(path: string, content: Uint8Array | string): AsyncGenerator<Uint8Array> {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    this.#manifest.files.push({ path, size_bytes: bytes.length, sha256 });
    yield* this.#file(path, bytes);
  }

  *#file(path: string, bytes: Uint8Array): Generator<Uint8Array> {
    yield tarHeader(path, bytes.length, this.#nowMs);
    if (bytes.length > 0) yield bytes;
    const padding = tarPadding(bytes.length);
    if (padding.length > 0) yield padding;
  }

  async *finish(sign: Sign): AsyncGenerator<Uint8Array> {
    const text = `${JSON.stringify(this.#manifest, null, 1)}\n`;
    const { publicKey, signature } = await sign(signedManifestText(text));
    const signed: ManifestSignature = { public_key: publicKey, signature };
    yield* this.#file(MANIFEST_PATH, encoder.encode(text));
    yield* this.#file(SIGNATURE_PATH, encoder.encode(`${JSON.stringify(signed)}\n`));
    yield tarEnd();
  }
}
