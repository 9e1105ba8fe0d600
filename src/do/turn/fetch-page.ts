/**
 * Fetches a web page for a tool, through the network that reaches public addresses only. Bounded in bytes, time and
 * redirects; each address on the way is looked at like the first.
 */
import { type FetchedPage, parsePageUrl } from "../../core/web-page.ts";

/** Of one page; what is longer is cut. */
export const MAX_PAGE_BYTES = 1024 * 1024;
export const MAX_REDIRECTS = 4;
/** For all of it; the tool's own time is a little longer. */
const PAGE_MS = 15_000;

interface Outbound {
  fetch(request: Request): Promise<Response>;
}

const TOO_MANY = { status: "refused", reason: "The page redirects too often." } as const;

export async function fetchPage(
  url: URL,
  internet: Outbound,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]);
  try {
    return await follow(url, internet, bounded);
  } catch {
    signal.throwIfAborted();
    return { status: "refused", reason: "The page could not be fetched." };
  }
}

async function follow(first: URL, internet: Outbound, signal: AbortSignal): Promise<FetchedPage> {
  let url = first;
  for (let step = 0; step <= MAX_REDIRECTS; step += 1) {
    const headers = { accept: "text/html, text/plain;q=0.9", "user-agent": "Rockpool" };
    const request = new Request(url.href, { headers, redirect: "manual", signal });
    const response = await internet.fetch(request);
    const location =
      response.status >= 300 && response.status < 400 && response.headers.get("location");
    if (!location) return readPage(url, response);
    await response.body?.cancel();
    const next = URL.canParse(location, url)
      ? parsePageUrl(new URL(location, url).href)
      : undefined;
    if (!next)
      return { status: "refused", reason: "The page redirects to an address that is not allowed." };
    url = next;
  }
  return TOO_MANY;
}

async function readPage(url: URL, response: Response): Promise<FetchedPage> {
  const mime =
    (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const isHtml = mime === "text/html" || mime === "application/xhtml+xml";
  const isText = mime.startsWith("text/") || mime === "application/json";
  if (response.status !== 200 || !response.body || !(isHtml || isText)) {
    await response.body?.cancel();
    const what =
      response.status === 200 ? `The page is no text (${mime.slice(0, 80)}).` : undefined;
    return {
      status: "refused",
      reason: what ?? `The page answered with status ${response.status}.`,
    };
  }
  const { text, isCut } = await readBounded(response.body);
  return { status: "fetched", url: url.href, type: isHtml ? "html" : "text", text, isCut };
}

async function readBounded(
  body: ReadableStream<Uint8Array>,
): Promise<{ text: string; isCut: boolean }> {
  const decoder = new TextDecoder();
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  let text = "";
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), isCut: false };
    const room = MAX_PAGE_BYTES - sizeBytes;
    text += decoder.decode(value.subarray(0, room), { stream: true });
    sizeBytes += value.length;
    if (sizeBytes > MAX_PAGE_BYTES) {
      await reader.cancel();
      return { text, isCut: true };
    }
  }
}
