/**
 * Who calls, as an IP address: the connection's own, or behind proxies that the owner named what these say. Headers of
 * anybody else count for nothing, because everybody can write them.
 */
import {
  type IpAddress,
  type IpBlock,
  isInBlock,
  parseIpAddress,
  parseIpBlocks,
  renderIpAddress,
} from "../core/ip-address.ts";

/** Longer headers, and longer ways, are no proxy's: the address of the connection stands then. */
const MAX_HEADER_UNITS = 2_000;
const MAX_HOPS = 32;

/** Addresses of connections that were parsed: most calls come from few, a platform's, a proxy's or a flood's. */
export const MAX_PEERS = 200;
const peers = new Map<string, Peer>();

interface Peer {
  address: IpAddress;
  text: string;
}

/** The last list that was parsed: there is one for each process. */
let parsed: { text: string; blocks: readonly IpBlock[] } = { text: "", blocks: [] };

/**
 * One text for one address: `192.0.2.7`, `2001:db8::7`. Undefined where the call came over a Unix socket, or the runtime
 * does not say. `trustedProxies` is the option ROCKPOOL_TRUSTED_PROXIES.
 */
export function clientAddress(
  request: Pick<Request, "headers"> & { cf?: unknown },
  trustedProxies: string | undefined,
): string | undefined {
  const peer = peerAddress(request.cf);
  if (peer === undefined) return undefined;
  const blocks = blocksOf(trustedProxies ?? "");
  const isTrusted = (address: IpAddress) => blocks.some((block) => isInBlock(address, block));
  if (!isTrusted(peer.address)) return peer.text;
  return renderIpAddress(firstBefore(peer.address, forwardedFor(request.headers), isTrusted));
}

/**
 * From the nearest hop to the farthest, each named by the one after it: the first that is no proxy is the caller. What
 * is no address ends the way: the last that is known stands.
 */
function firstBefore(
  peer: IpAddress,
  hops: readonly string[],
  isTrusted: (address: IpAddress) => boolean,
): IpAddress {
  let known = peer;
  for (const hop of hops.toReversed()) {
    const address = parseIpAddress(hop);
    if (address === undefined) return known;
    known = address;
    if (!isTrusted(address)) return known;
  }
  return known;
}

function forwardedFor(headers: Headers): string[] {
  const header = headers.get("x-forwarded-for") ?? "";
  if (header === "" || header.length > MAX_HEADER_UNITS) return [];
  const hops = header.split(",").map((hop) => hop.trim());
  return hops.length > MAX_HOPS ? [] : hops;
}

/** workerd hands over the connection's address as `cf.clientIp`, `192.0.2.7:41000`; callers cannot set it. */
function peerAddress(cf: unknown): Peer | undefined {
  if (typeof cf !== "object" || cf === null || !("clientIp" in cf)) return undefined;
  const { clientIp } = cf;
  if (typeof clientIp !== "string") return undefined;
  const host = /^\[?(.*?)\]?:\d+$/.exec(clientIp)?.[1];
  return host === undefined ? undefined : (peers.get(host) ?? parsePeer(host));
}

function parsePeer(host: string): Peer | undefined {
  const address = parseIpAddress(host.replace(/%.*$/, ""));
  if (address === undefined) return undefined;
  const peer = { address, text: renderIpAddress(address) };
  if (peers.size >= MAX_PEERS) peers.clear();
  peers.set(host, peer);
  return peer;
}

function blocksOf(text: string): readonly IpBlock[] {
  if (text !== parsed.text) parsed = { text, blocks: parseIpBlocks(text) ?? [] };
  return parsed.blocks;
}
