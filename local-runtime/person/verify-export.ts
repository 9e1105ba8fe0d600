/** Whether an export of a person is what the box signed: every file of its manifest, unchanged, and no other. */
import * as v from "valibot";
import {
  type ExportManifest,
  MANIFEST_PATH,
  type ManifestSignature,
  SIGNATURE_PATH,
  signedManifestText,
} from "../../src/core/person-export.ts";
import { digestBytes, isSigned } from "../audit/ed25519.ts";
import { badExport, type ExportFile } from "./person-archive.ts";

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const MAX_FILES = 1_000_000;

const ManifestSchema: v.GenericSchema<unknown, ExportManifest> = v.strictObject({
  kind: v.literal("rockpool-export"),
  version: v.literal(1),
  person_id: v.string(),
  made_at: v.string(),
  files: v.pipe(
    v.array(v.strictObject({ path: v.string(), size_bytes: v.number(), sha256: digest })),
    v.maxLength(MAX_FILES),
  ),
});

const SignatureSchema: v.GenericSchema<unknown, ManifestSignature> = v.strictObject({
  public_key: digest,
  signature: v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/)),
});

export interface ExportReport {
  ok: boolean;
  personId: string;
  madeAt: string;
  publicKey: string;
  files: number;
  sizeBytes: number;
  findings: string[];
}

/** Throws person/bad_export for what has no manifest, and what `files` throws. */
export async function verifyExport(
  files: AsyncIterable<ExportFile>,
  publicKey: string | undefined,
): Promise<ExportReport> {
  const found = new Map<string, string>();
  const texts = new Map<string, string>();
  let sizeBytes = 0;
  for await (const { path, bytes } of files) {
    sizeBytes += bytes.length;
    if (path === MANIFEST_PATH || path === SIGNATURE_PATH) texts.set(path, bytes.toString("utf8"));
    else found.set(path, digestBytes(bytes));
  }
  const text = texts.get(MANIFEST_PATH) ?? "";
  const manifest = parse(ManifestSchema, text);
  const signed = parse(SignatureSchema, texts.get(SIGNATURE_PATH) ?? "");
  const findings = compare(manifest, found);
  const key = publicKey ?? signed.public_key;
  if (key !== signed.public_key || !isSigned(signedManifestText(text), signed.signature, key))
    findings.unshift("The manifest is not signed with this key.");
  const { person_id: personId, made_at: madeAt } = manifest;
  const ok = findings.length === 0;
  return { ok, personId, madeAt, publicKey: key, files: found.size, sizeBytes, findings };
}

function compare(manifest: ExportManifest, found: ReadonlyMap<string, string>): string[] {
  const named = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
  const missing = [...named.keys()].filter((path) => !found.has(path));
  const changed = [...found].filter(
    ([path, sha256]) => named.has(path) && named.get(path) !== sha256,
  );
  const added = [...found.keys()].filter((path) => !named.has(path));
  return [
    ...missing.map((path) => `${path} is missing.`),
    ...changed.map(([path]) => `${path} was changed.`),
    ...added.map((path) => `${path} is no part of it.`),
  ];
}

function parse<Value>(schema: v.GenericSchema<unknown, Value>, text: string): Value {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    if (parsed.success) return parsed.output;
  } catch {
    // No JSON: told below, in our own words.
  }
  throw badExport();
}
