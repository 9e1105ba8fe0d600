/** What a backup store holds, what an S3 server answers, and what people type of it. */
import { parseRecoveryKey } from "../../../local-runtime/backup-store/recovery-key.ts";
import { parseListing } from "../../../local-runtime/backup-store/s3-listing.ts";
import {
  parseList,
  parseSnapshot,
  renderSnapshot,
  type SnapshotHeader,
} from "../../../local-runtime/backup-store/snapshot.ts";
import { parseKeys } from "../../../local-runtime/backup-store/snapshot-keys.ts";
import { verifyStore } from "../../../local-runtime/backup-store/store-owner.ts";
import { parsePlace } from "../../../src/config/backup-place.ts";
import { parseKeepRule, parseTimeOfDay } from "../../../src/config/backup-rule.ts";
import { type FuzzedParser, fuzzBytes, fuzzText, named } from "./fuzzed-parser.ts";

const SEAL_KEY = "ab".repeat(32);
const sha256 = "cd".repeat(32);

const HEADER: SnapshotHeader = {
  format: 1,
  id: "20261121-033000000-ab12",
  createdAt: "2026-11-21T03:30:00.000Z",
  version: "0.1.0",
  recoveryKeyId: "0123456789abcdef",
  masterKeyId: "0123456789abcdef",
  databases: 2,
  files: 3,
  dataBytes: 8_192,
  addedBytes: 4_096,
  packs: [{ id: "ef".repeat(16), sizeBytes: 4_096, sha256 }],
  keys: { sizeBytes: 300, sha256 },
  list: { sizeBytes: 4, sha256 },
};

const SNAPSHOT = renderSnapshot(HEADER, Buffer.from("list"), SEAL_KEY);
const text = JSON.stringify(HEADER);

/** Whatever was changed: what is taken for genuine says what was sealed. */
function parseSealed(bytes: Uint8Array): void {
  const parsed = parseSnapshot(Buffer.from(bytes), SEAL_KEY);
  if (parsed.status === "ok" && JSON.stringify(parsed.header) !== text)
    throw new TypeError("a changed header was taken for genuine");
}

const LIST = {
  files: [{ path: "objects/session/a.sqlite", sizeBytes: 8_192, sha256, parts: [0, 0, 8_192] }],
};
const KEYS = {
  masterKey: "AAAA",
  files: [{ path: "objects/vault/a.sqlite", content: "AAAA" }],
};
const OWNER = { format: 1, recoveryKeyId: "0123456789abcdef" };

function verifyOwner(bytes: Uint8Array): Promise<boolean> {
  const store = {
    place: "/mnt/backup",
    list: async () => [],
    read: async () => Buffer.from(bytes),
    write: async () => {},
    remove: async () => {},
  };
  return verifyStore(store, OWNER.recoveryKeyId);
}

const LISTING =
  "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a/b&amp;c</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>3</Size></Contents><NextContinuationToken>t</NextContinuationToken></ListBucketResult>";

export const BACKUPS: readonly FuzzedParser[] = [
  fuzzBytes("snapshots of a store", [SNAPSHOT], parseSealed),
  fuzzText("lists of files", [JSON.stringify(LIST)], parseList),
  fuzzText("keys of a snapshot", [JSON.stringify(KEYS)], parseKeys),
  fuzzBytes("owners of stores", [new TextEncoder().encode(JSON.stringify(OWNER))], verifyOwner, {
    isRefusal: named("HostError"),
    runs: 3_000,
  }),
  fuzzText("listings of an S3 server", [LISTING], parseListing),
  fuzzText(
    "recovery keys",
    ["AGE-SECRET-KEY-1FTUGLPLUYJQDDHGHX70RXGMGACJAAX6LU0KWLQAUV6HQTHZJ84DQSGNGRL"],
    parseRecoveryKey,
    { isRefusal: named("HostError"), runs: 1_000 },
  ),
  fuzzText(
    "places of stores",
    ["/mnt/backup", "s3+https://s3.example.com/bucket/a/b?region=eu-1"],
    parsePlace,
    { isRefusal: named("Error") },
  ),
  fuzzText("rules of what stays", ["7d,4w,6m", "30d, 0w, 0m"], parseKeepRule, {
    isRefusal: named("Error"),
  }),
  fuzzText("times of the day", ["03:30", "off"], parseTimeOfDay, { isRefusal: named("Error") }),
];
