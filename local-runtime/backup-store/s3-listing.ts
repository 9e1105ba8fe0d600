/** What an S3 server answers to ListObjectsV2: a small and regular XML, read without a parser of XML. Pure and total. */

export interface S3Page {
  objects: { key: string; sizeBytes: number; modifiedAtMs: number }[];
  /** Where the next page begins; undefined on the last. */
  next: string | undefined;
}

/** Undefined for text that is no such answer. What is incomplete in one is left out. */
export function parseListing(xml: string): S3Page | undefined {
  const body = /<ListBucketResult[^>]*>([\s\S]*)<\/ListBucketResult>\s*$/.exec(xml)?.[1];
  if (body === undefined) return undefined;
  const objects = body.split("<Contents>").slice(1).flatMap(parseObject);
  const isCut = textOf(body, "IsTruncated") === "true";
  const next = isCut ? textOf(body, "NextContinuationToken") : undefined;
  return isCut && next === undefined ? undefined : { objects, next };
}

function parseObject(part: string): S3Page["objects"] {
  const key = textOf(part, "Key");
  const sizeBytes = Number(textOf(part, "Size") ?? Number.NaN);
  const modifiedAtMs = Date.parse(textOf(part, "LastModified") ?? "");
  const isWhole = key !== undefined && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;
  return isWhole && !Number.isNaN(modifiedAtMs) ? [{ key, sizeBytes, modifiedAtMs }] : [];
}

function textOf(part: string, tag: string): string | undefined {
  const start = part.indexOf(`<${tag}>`);
  const end = part.indexOf(`</${tag}>`, start);
  if (start < 0 || end < 0) return undefined;
  return unescapeXml(part.slice(start + tag.length + 2, end));
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescapeXml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}
