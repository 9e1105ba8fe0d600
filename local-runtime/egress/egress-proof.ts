/**
 * Proof that a config lets out what is listed and nothing else: the text that workerd is about to read is walked, and
 * every way out of it must be one of the addresses that the options and accounts name.
 */

import { EXIT, HostError } from "../host-error.ts";
import { parseCapnpText } from "../workerd-config/capnp-text.ts";
import { mapEgress, type WayOut } from "./egress-map.ts";

export interface Listed {
  modelUrls: readonly string[];
  egressOrigins: readonly string[];
  /** Of the box's own program that opens documents and pictures. */
  fileReaderSocket?: string;
}

/** Ways out of the config that lead to none of these addresses. Pure. */
export function findUnlisted(config: string, listed: Listed): WayOut[] {
  const { fileReaderSocket: socket } = listed;
  const allowed = new Set([
    ...[...listed.modelUrls, ...listed.egressOrigins].map(addressOf),
    ...(socket === undefined ? [] : [`unix:${socket}`]),
  ]);
  return mapEgress(parseCapnpText(config)).waysOut.filter(
    ({ kind, to }) => kind !== "external" || !allowed.has(to),
  );
}

/** Throws egress/not_listed: a config that lets out more is not served. */
export function verifyListedOnly(config: string, listed: Listed): void {
  const [way] = findUnlisted(config, listed);
  if (!way) return;
  throw new HostError({
    code: "egress/not_listed",
    message: `The config would reach ${way.to}, which is not listed (by ${way.from.join(", ")}).`,
    fix: "Report this: with ROCKPOOL_EGRESS=listed no such config may be made.",
    exitStatus: EXIT.software,
  });
}

/** As a config names the address of a URL: host and port. */
function addressOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
