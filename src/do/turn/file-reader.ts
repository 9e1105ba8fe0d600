/** Asks the program beside the Worker what is in a file of a stranger. Its answers are looked at like all from outside. */
import {
  FILE_WORK,
  type FileWork,
  type PdfText,
  parsePdfText,
} from "../../core/file-reader-protocol.ts";
import { parsePicture } from "../../core/picture.ts";
import type { Env } from "../../env.ts";

/** For a file and those that wait before it: the program gives each a third of that. */
const ASK_MS = 60_000;
/** No name of the network: the socket of the program stands behind it. */
const ADDRESS = "http://file-reader";

/** Undefined where the box has no such program, or it could not read the file. */
async function ask(env: Env, work: FileWork, bytes: Uint8Array): Promise<Response | undefined> {
  const signal = AbortSignal.timeout(ASK_MS);
  const request = new Request(`${ADDRESS}${FILE_WORK[work]}`, {
    method: "POST",
    body: bytes,
    signal,
  });
  const response = await env.FILE_READER?.fetch(request);
  if (response?.status === 200) return response;
  await response?.body?.cancel();
  return undefined;
}

export async function readPdf(env: Env, bytes: Uint8Array): Promise<PdfText | undefined> {
  try {
    const answer = await ask(env, "pdf", bytes);
    return answer && parsePdfText(await answer.text());
  } catch {
    return undefined; // it is not there, or took too long
  }
}

/** A JPEG that a model can be shown, with nothing in it but the picture. */
export async function shrinkPicture(env: Env, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const answer = await ask(env, "picture", bytes);
    const small = answer && new Uint8Array(await answer.arrayBuffer());
    return small && parsePicture(small)?.format === "jpeg" ? small : undefined;
  } catch {
    return undefined; // the same
  }
}
