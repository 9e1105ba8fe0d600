/**
 * A small S3 server on loopback for tests: objects of one bucket in memory, every request's signature (AWS Signature
 * Version 4) computed anew with Node's own crypto and compared, and faults on demand.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SignedRequest {
  method: string;
  /** Path as it was sent, without the query. */
  path: string;
  /** As it was sent, without the question mark. */
  query: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

const PART =
  /Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})/;

/** The signature that the request should have; published examples are in the test of this file. */
export function computeSignature(request: SignedRequest, secret: string): string {
  const [, , date = "", region = "", signed = ""] =
    PART.exec(request.headers.authorization ?? "") ?? [];
  const canonical = [
    request.method,
    request.path,
    request.query
      .split("&")
      .filter(Boolean)
      .sort()
      .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
      .join("&"),
    ...signed.split(";").map((name) => `${name}:${(request.headers[name] ?? "").trim()}`),
    "",
    signed,
    request.headers["x-amz-content-sha256"] ?? "",
  ].join("\n");
  const scope = `${date}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join(
    "\n",
  );
  const key = [date, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (last, part) => createHmac("sha256", last).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac("sha256", key).update(toSign).digest("hex");
}

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What goes wrong with a request; "slow" answers after {@link SLOW_MS}, "cut" breaks off in mid-body. */
export type Fault = "500" | "503" | "slow" | "cut" | "reset";
const SLOW_MS = 3_000;
const PAGE = 3;

export interface FakeS3 {
  /** As ROCKPOOL_BACKUP_TO takes it. */
  place: string;
  origin: string;
  objects: Map<string, Buffer>;
  /** Method and path of each request that came. */
  requests: string[];
  /** The next requests that fit the pattern fail, one fault each. */
  fail(pattern: RegExp, ...faults: Fault[]): void;
  close(): Promise<void>;
}

export const ACCESS_KEY = "AKIDEXAMPLE";
export const SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BUCKET = "backups";

export async function startFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  let faults: { pattern: RegExp; fault: Fault }[] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    const hit = faults.find(({ pattern }) => pattern.test(line));
    if (hit) faults = faults.filter((item) => item !== hit);
    await send(response, decideAnswer(request, body, objects), hit?.fault);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const origin = `http://127.0.0.1:${port}`;
  return {
    place: `s3+${origin}/${BUCKET}/box?region=eu-central-1`,
    origin,
    objects,
    requests,
    fail: (pattern, ...list) => void faults.push(...list.map((fault) => ({ pattern, fault }))),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function send(
  response: ServerResponse,
  { status, body = "" }: Answer,
  fault: Fault | undefined,
): Promise<void> {
  const bytes = Buffer.from(body);
  if (fault === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS).unref());
  if (fault === "reset") response.socket?.resetAndDestroy();
  else if (fault === "500" || fault === "503")
    response.writeHead(Number(fault)).end("<Error><Code>SlowDown</Code></Error>");
  else if (fault === "cut") {
    response.writeHead(status, { "content-length": bytes.length });
    const half = bytes.subarray(0, bytes.length / 2);
    response.write(half, () => response.socket?.resetAndDestroy());
  } else response.writeHead(status).end(bytes);
}

interface Answer {
  status: number;
  body?: Buffer | string;
}

function refusal(status: number, code: string): Answer {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>` };
}

function decideAnswer(
  request: IncomingMessage,
  body: Buffer,
  objects: Map<string, Buffer>,
): Answer {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const refused = refuseUnsigned(request, path, query, body);
  if (refused) return refused;
  const [, bucket, ...rest] = path.split("/");
  if (bucket !== BUCKET) return refusal(404, "NoSuchBucket");
  const key = rest.join("/");
  if (key === "") return { status: 200, body: renderList(new URLSearchParams(query), objects) };
  if (request.method === "PUT") objects.set(key, body);
  if (request.method === "PUT") return { status: 200 };
  if (request.method === "DELETE") objects.delete(key);
  if (request.method === "DELETE") return { status: 204 };
  const object = objects.get(key);
  return object ? { status: 200, body: object } : refusal(404, "NoSuchKey");
}

function refuseUnsigned(
  request: IncomingMessage,
  path: string,
  query: string,
  body: Buffer,
): Answer | undefined {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const [, accessKey, , , , signature] = PART.exec(headers.authorization ?? "") ?? [];
  const signed = { method: request.method ?? "", path, query, headers };
  if (accessKey === undefined) return refusal(403, "AccessDenied");
  if (accessKey !== ACCESS_KEY) return refusal(403, "InvalidAccessKeyId");
  if (signature !== computeSignature(signed, SECRET_KEY))
    return refusal(403, "SignatureDoesNotMatch");
  return headers["x-amz-content-sha256"] === sha256(body)
    ? undefined
    : refusal(400, "XAmzContentSHA256Mismatch");
}

/** A few names a page, so that every listing has several. */
function renderList(query: URLSearchParams, objects: Map<string, Buffer>): string {
  const after = query.get("continuation-token") ?? "";
  const names = [...objects.keys()]
    .filter((name) => name.startsWith(query.get("prefix") ?? "") && name > after)
    .sort();
  const page = names.slice(0, PAGE);
  const isCut = names.length > PAGE;
  const contents = page.map(
    (name) =>
      `<Contents><Key>${name}</Key><LastModified>${new Date().toISOString()}</LastModified><Size>${objects.get(name)?.length}</Size></Contents>`,
  );
  const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  return `<?xml version="1.0"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isCut}</IsTruncated>${contents.join("")}${next}</ListBucketResult>`;
}
