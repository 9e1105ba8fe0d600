/** The check of the certificate: whether it can be used, and until when. */
import { EXPIRY_WARNING_MS } from "../listen/certificate-keeper.ts";
import { listListeners } from "../listen/listeners.ts";
import { tlsPaths } from "../listen/listening.ts";
import { loadTlsMaterial } from "../listen/tls-files.ts";
import type { Settings } from "../settings.ts";
import { type Finding, fail, failure, ok, warn } from "./check.ts";

const DAY_MS = 86_400_000;

/** None where the server speaks plain HTTP. */
export function checkCertificate(
  root: string,
  { options }: Pick<Settings, "options">,
  nowMs: number,
): Finding[] {
  const what = "Certificate";
  try {
    const paths = tlsPaths(root, options, listListeners(options));
    if (!paths) return [];
    const { host, expiresAtMs } = loadTlsMaterial(paths);
    const day = new Date(expiresAtMs).toISOString().slice(0, 10);
    const name = host ?? "a certificate without a name";
    const fix = `Renew it, and put it in place of ${paths.cert}: it is taken up by itself.`;
    if (expiresAtMs <= nowMs) return [fail(what, `${name}: it ended on ${day}`, fix)];
    const days = Math.floor((expiresAtMs - nowMs) / DAY_MS);
    if (expiresAtMs - nowMs <= EXPIRY_WARNING_MS)
      return [warn(what, `${name}: it ends in ${days} days, on ${day}`, fix)];
    return [ok(what, `${name}, until ${day}`)];
  } catch (error) {
    return [failure(what, error)];
  }
}
