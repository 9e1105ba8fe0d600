/** Files that come from elsewhere: models, copies of a person's data, archives; and sealed values, which a disk may change. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readArchive } from "../../../local-runtime/backup/backup-archive.ts";
import { openManifest, sealManifest } from "../../../local-runtime/backup/backup-manifest.ts";
import { readGgufHead } from "../../../local-runtime/model-server/gguf-reader.ts";
import { readArchive as readExport } from "../../../local-runtime/person/person-archive.ts";
import { verifyExport } from "../../../local-runtime/person/verify-export.ts";
import {
  MANIFEST_PATH,
  SIGNATURE_PATH,
  signedManifestText,
} from "../../../src/core/person-export.ts";
import { tarEnd, tarHeader, tarPadding } from "../../../src/core/tar.ts";
import { parseEnvelope, writeEnvelope } from "../../../src/security/envelope.ts";
import { renderGguf } from "../../support/gguf-file.ts";
import { coded, type FuzzedParser, fuzzBytes, named } from "./fuzzed-parser.ts";

/** For parsers that take a path. Node ends before anything else could take it away. */
const folder = mkdtempSync(join(tmpdir(), "rockpool-fuzz-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** One after the other: the fuzz test awaits each case. */
function asFile(bytes: Uint8Array): string {
  const path = join(folder, "given");
  writeFileSync(path, bytes);
  return path;
}

const SHA256 = "ab".repeat(32);

const PERSON = "{}";
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const MANIFEST = JSON.stringify({
  kind: "rockpool-export",
  version: 1,
  person_id: "p1",
  made_at: "2026-11-21T10:00:00.000Z",
  files: [
    {
      path: "person.json",
      size_bytes: PERSON.length,
      sha256: createHash("sha256").update(PERSON).digest("hex"),
    },
  ],
});
const SIGNATURE = JSON.stringify({
  public_key: Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex"),
  signature: sign(null, Buffer.from(signedManifestText(MANIFEST)), privateKey).toString("hex"),
});

function tarOf(files: Readonly<Record<string, string>>): Uint8Array {
  const parts = Object.entries(files).flatMap(([path, text]) => [
    tarHeader(path, text.length, 0),
    new TextEncoder().encode(text),
    tarPadding(text.length),
  ]);
  return new Uint8Array(Buffer.concat([...parts, tarEnd()]));
}

const EXPORT = tarOf({
  "person.json": PERSON,
  [MANIFEST_PATH]: MANIFEST,
  [SIGNATURE_PATH]: SIGNATURE,
});

/** Whatever was changed: what is taken for whole is what was signed. */
async function verifyChanged(bytes: Uint8Array): Promise<void> {
  const report = await verifyExport(readExport(piecesOf(bytes)), undefined);
  const { ok, personId, madeAt, sizeBytes } = report;
  const isOurs = personId === "p1" && madeAt.startsWith("2026-11-21T10") && sizeBytes > 0;
  if (ok && !isOurs) throw new RangeError("a changed copy was taken for whole");
}

async function readFiles(bytes: Uint8Array): Promise<void> {
  for await (const _file of readExport(piecesOf(bytes)));
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const half = Math.floor(bytes.length / 2);
  yield bytes.subarray(0, half);
  yield bytes.subarray(half);
}

async function readWhole(bytes: Uint8Array): Promise<void> {
  for await (const entry of readArchive(asFile(bytes))) for await (const _part of entry.content);
}

const KEY = Buffer.alloc(32, 3);
const SEALED = sealManifest(
  {
    version: "0.1.0",
    createdAt: "2026-11-21T04:00:00.000Z",
    files: [{ path: "objects/session/a.sqlite", sizeBytes: 5, sha256: SHA256 }],
  },
  KEY,
);

/** Whatever was changed: what is taken for genuine is what was sealed. */
function openChanged(manifest: Uint8Array): void {
  openManifest({ ...SEALED, manifest: Buffer.from(manifest) }, KEY);
  if (!SEALED.manifest.equals(manifest))
    throw new RangeError("a changed list of files was taken for genuine");
}

const isHostError = named("HostError");

export const FILES: readonly FuzzedParser[] = [
  fuzzBytes(
    "heads of model files",
    [new Uint8Array(renderGguf({ "general.architecture": "llama", "a.b": ["x", "y"], n: 7 }))],
    (bytes) => readGgufHead(asFile(bytes)),
    { isRefusal: named("NotGguf"), runs: 3_000 },
  ),
  fuzzBytes("archives of a person's data", [EXPORT], readFiles, {
    isRefusal: isHostError,
    runs: 2_000,
  }),
  fuzzBytes("signed copies of a person's data", [EXPORT], verifyChanged, {
    isRefusal: isHostError,
    runs: 2_000,
  }),
  fuzzBytes("archives of backups, unpacked", [EXPORT], (bytes) => readWhole(gzipSync(bytes)), {
    isRefusal: isHostError,
    runs: 1_000,
  }),
  fuzzBytes("archives of backups", [new Uint8Array(gzipSync(EXPORT))], readWhole, {
    isRefusal: isHostError,
    runs: 1_000,
  }),
  fuzzBytes("lists of archives", [new Uint8Array(SEALED.manifest)], openChanged, {
    isRefusal: isHostError,
  }),
  fuzzBytes(
    "sealed values",
    [writeEnvelope(1, 2, new Uint8Array(12), new ArrayBuffer(40))],
    parseEnvelope,
    { isRefusal: coded("crypto/cannot_open") },
  ),
];
