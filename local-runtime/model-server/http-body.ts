/** Reads the JSON body of a request, bounded in size. */
import type { IncomingMessage } from "node:http";
import { BadRequest } from "./requests.ts";

/** A chat of a million tokens has some 4 MB. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

export class BodyTooLarge extends Error {
  constructor() {
    super(`the body has more than ${MAX_BODY_BYTES} bytes`);
  }
}

/** Throws BodyTooLarge or BadRequest. */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BadRequest("the body is not JSON");
  }
}
