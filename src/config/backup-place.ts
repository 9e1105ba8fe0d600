/** The place of a backup store as options and arguments name it: a folder, or `s3+https://host/bucket/prefix`. Pure. */
export interface FolderPlace {
  kind: "folder";
  /** As it was given: may be relative. */
  path: string;
}

export interface S3Place {
  kind: "s3";
  /** `https://host` or `http://host:port`. */
  origin: string;
  bucket: string;
  /** Without a slash at either end; may be empty. */
  prefix: string;
  region: string;
}

export type Place = FolderPlace | S3Place;

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$/;
const REGION = /^[a-z0-9-]{1,40}$/;
const DEFAULT_REGION = "us-east-1";

/** Throws an Error that says what is expected. */
export function parsePlace(text: string): Place {
  if (/^s3\+/i.test(text)) return parseS3(text.slice("s3+".length));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.trim() === "" || text.includes("\0"))
    throw new Error(EXPECTED);
  return { kind: "folder", path: text };
}

const EXPECTED =
  "a folder, or s3+https://host/bucket/prefix?region=name, without credentials, is expected";

function parseS3(text: string): S3Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash)
    throw new Error(EXPECTED);
  const [, bucket = "", prefix = ""] = /^\/([^/]*)\/?(.*?)\/*$/.exec(url.pathname) ?? [];
  const region = url.searchParams.get("region") ?? DEFAULT_REGION;
  const isKnown = [...url.searchParams.keys()].every((key) => key === "region");
  if (!(BUCKET.test(bucket) && PREFIX.test(prefix) && REGION.test(region) && isKnown))
    throw new Error(EXPECTED);
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    throw new Error("https is expected, but for a store on this machine");
  return { kind: "s3", origin: url.origin, bucket, prefix, region };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export function renderPlace({ origin, bucket, prefix }: S3Place): string {
  return `s3+${origin}/${prefix === "" ? bucket : `${bucket}/${prefix}`}`;
}
