/** The export of a person: what its manifest says, and what is signed of it. Type-checks under Node and under workerd. */

/** First to be read, last to be written: it names every other file of the export. */
export const MANIFEST_PATH = "manifest.json";
/** The signature of the manifest's bytes. */
export const SIGNATURE_PATH = "manifest.sig.json";

export interface ExportManifest {
  kind: "rockpool-export";
  version: 1;
  person_id: string;
  made_at: string;
  files: { path: string; size_bytes: number; sha256: string }[];
}

export interface ManifestSignature {
  public_key: string;
  signature: string;
}

const DOMAIN = "rockpool person export 1\n";

export function signedManifestText(manifest: string): string {
  return `${DOMAIN}${manifest}`;
}
