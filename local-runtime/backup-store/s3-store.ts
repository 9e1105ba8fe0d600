/** A backup store at an S3-compatible server: signed calls (SigV4), each within a time limit, tried again where that helps. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { renderPlace, type S3Place } from "../../src/config/backup-place.ts";
import { EXIT, HostError } from "../host-error.ts";
import type { S3Credentials } from "./s3-credentials.ts";
import { parseListing } from "./s3-listing.ts";
import {
  type BackupStore,
  damagedObject,
  MAX_OBJECTS,
  missing,
  OBJECT_NAME,
  type StoredObject,
  unavailable,
} from "./store.ts";

export interface S3Limits {
  /** For one call, its body included. */
  callMs: number;
  /** Calls in all for one object. */
  tries: number;
  /** Before the second call; twice as long before each later one. */
  firstWaitMs: number;
}

const LIMITS: S3Limits = { callMs: 120_000, tries: 5, firstWaitMs: 500 };
/** One page of a listing holds at most a thousand names. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 16 * 1024;

interface Call {
  method: "GET" | "PUT" | "DELETE";
  /** Of the object; empty for the bucket. */
  key: string;
  query?: Record<string, string>;
  body?: Uint8Array;
  maxBytes: number;
}

interface Answer {
  status: number;
  body: Buffer;
}

export function openS3Store(
  place: S3Place,
  credentials: S3Credentials,
  limits: S3Limits = LIMITS,
): BackupStore {
  const client = new AwsClient({ ...credentials, service: "s3", region: place.region, retries: 0 });
  const name = renderPlace(place);
  const keyOf = (object: string) => {
    if (!OBJECT_NAME.test(object)) throw new RangeError("no name of an object");
    return place.prefix === "" ? object : `${place.prefix}/${object}`;
  };
  const send = (call: Call) => callUntilAnswered(client, place, call, limits);
  return {
    place: name,
    list: (folder) => listAll(send, place, folder),
    async read(object, maxBytes) {
      const answer = await send({ method: "GET", key: keyOf(object), maxBytes });
      if (answer.status === 404) throw missing(name, object);
      return accept(answer, name).body;
    },
    async write(object, body) {
      const key = keyOf(object);
      accept(await send({ method: "PUT", key, body, maxBytes: MAX_ERROR_BYTES }), name);
    },
    async remove(object) {
      const key = keyOf(object);
      const answer = await send({ method: "DELETE", key, maxBytes: MAX_ERROR_BYTES });
      if (answer.status !== 404) accept(answer, name);
    },
  };
}

async function listAll(
  send: (call: Call) => Promise<Answer>,
  place: S3Place,
  folder: string,
): Promise<StoredObject[]> {
  const root = place.prefix === "" ? "" : `${place.prefix}/`;
  const objects: StoredObject[] = [];
  let next: string | undefined;
  do {
    const token = next === undefined ? {} : { "continuation-token": next };
    const query = { "list-type": "2", prefix: `${root}${folder}/`, ...token };
    const answer = await send({ method: "GET", key: "", query, maxBytes: MAX_PAGE_BYTES });
    const page = parseListing(accept(answer, renderPlace(place)).body.toString("utf8"));
    if (!page) throw unavailable(renderPlace(place), "it answers no list of objects");
    for (const { key, ...rest } of page.objects) {
      const name = key.startsWith(root) ? key.slice(root.length) : "";
      if (OBJECT_NAME.test(name)) objects.push({ name, ...rest });
    }
    next = page.next;
  } while (next !== undefined && objects.length < MAX_OBJECTS);
  return objects;
}

/** Throws store/unavailable where no answer came that counts: all else is the caller's to judge. */
async function callUntilAnswered(
  client: AwsClient,
  place: S3Place,
  call: Call,
  limits: S3Limits,
): Promise<Answer> {
  for (let tried = 1; ; tried += 1) {
    const result = await callOnce(client, place, call, limits.callMs);
    if (!("problem" in result)) return result;
    if (tried >= limits.tries) throw unavailable(renderPlace(place), result.problem);
    await sleep(limits.firstWaitMs * 2 ** (tried - 1));
  }
}

async function callOnce(
  client: AwsClient,
  place: S3Place,
  { method, key, query, body, maxBytes }: Call,
  callMs: number,
): Promise<Answer | { problem: string }> {
  const url = new URL(`${place.origin}/${place.bucket}${key === "" ? "" : `/${key}`}`);
  for (const [word, value] of Object.entries(query ?? {})) url.searchParams.set(word, value);
  const hash = createHash("sha256")
    .update(body ?? "")
    .digest("hex");
  try {
    const request = await client.sign(url, {
      method,
      headers: { "x-amz-content-sha256": hash },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    const signal = AbortSignal.timeout(callMs);
    const response = await fetch(request, { signal, redirect: "error" });
    const limit = response.ok ? maxBytes : MAX_ERROR_BYTES;
    const answer = { status: response.status, body: await readBody(response, limit) };
    return answer.status >= 500 || answer.status === 429
      ? { problem: `it answers ${answer.status}` }
      : answer;
  } catch (error) {
    if (error instanceof RangeError)
      throw damagedObject(renderPlace(place), key, "it is too large");
    return { problem: describe(error) };
  }
}

/** Throws a RangeError beyond the limit. A body that is cut off makes the read fail by itself. */
async function readBody(response: Response, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of response.body ?? []) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) throw new RangeError("too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** undici wraps what happened; its own words name the address only. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "it does not answer";
  if (error.name === "TimeoutError") return "it does not answer in time";
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}

/** Throws store/refused with the server's own short code. */
function accept(answer: Answer, place: string): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(answer.body.toString("latin1"))?.[1];
  throw new HostError({
    code: "store/refused",
    message: `The backup store ${place} refuses (${answer.status}${code === undefined ? "" : ` ${code}`}).`,
    fix: "Check the bucket, the region, and the key in the file that ROCKPOOL_BACKUP_S3_KEY names.",
    exitStatus: EXIT.permission,
  });
}
