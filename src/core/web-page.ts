/** Which pages a tool may fetch, decided on the address alone. Pure. */

/** A page as it was fetched. */
export type FetchedPage =
  | { status: "fetched"; url: string; type: "html" | "text"; text: string; isCut: boolean }
  | { status: "refused"; reason: string };

const MAX_URL_UNITS = 2_000;

/**
 * The address where it may be asked for: https, a named host of the public internet, the usual port, no credentials.
 * Undefined otherwise. That the name leads to a public address is held by the network that the call goes through.
 */
export function parsePageUrl(text: string): URL | undefined {
  if (text.length > MAX_URL_UNITS || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isNamed = /^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*$/.test(url.hostname);
  const isLocal = /(?:^|\.)(?:localhost|local|internal|lan|home|arpa|test|invalid)$/.test(
    url.hostname,
  );
  if (url.protocol !== "https:" || url.port !== "" || url.username !== "" || url.password !== "")
    return undefined;
  url.hash = "";
  return isNamed && !isLocal ? url : undefined;
}

/** Addresses that people wrote. */
export function findPageUrls(texts: readonly string[]): Set<string> {
  const found = texts.flatMap(
    (text) => text.match(/https:\/\/[^\s<>"'`，。！？）】」]{4,2000}/gi) ?? [],
  );
  const urls = found.flatMap((text) => [text, text.replace(/[.,;:!?)\]}]+$/, "")]);
  return new Set(urls.flatMap((text) => parsePageUrl(text)?.href ?? []));
}
