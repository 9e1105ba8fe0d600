/** Whether a call came over TLS, and the header that keeps a browser to it (HSTS). */

/** A year. Names below this one are not meant: they may be somebody else's. */
export const STRICT_TRANSPORT = "max-age=31536000";

/**
 * True where this server ends TLS itself, or the call came to the https address that the owner stated. What a proxy says
 * of TLS is not asked for: the name that was called tells.
 */
export function isSecureCall(url: URL, publicUrl: string | undefined): boolean {
  if (url.protocol === "https:") return true;
  if (!publicUrl?.startsWith("https://")) return false;
  return URL.canParse(publicUrl) && new URL(publicUrl).host === url.host;
}
