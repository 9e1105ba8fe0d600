/**
 * IP addresses and blocks of them, as numbers: both families in one space, an IPv4 address as the IPv6 address that maps
 * it, so that `::ffff:10.0.0.1` and `10.0.0.1` are one. Strict: only the forms of RFC 4291 and dotted decimals.
 */

/** 128 bits. */
export type IpAddress = bigint;

export interface IpBlock {
  first: IpAddress;
  /** Bits that all of the block share, of 128. */
  prefixBits: number;
}

/** Of one list. */
export const MAX_BLOCKS = 64;

const BITS = 128;
const IPV4_MAPPED = 0xffffn << 32n;
const IPV4_PREFIX_BITS = 96;

/** Undefined for everything that is no address: names, ports, brackets, zones, octal and hexadecimal IPv4. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!text.includes(":")) {
    const four = parseIpv4(text);
    return four === undefined ? undefined : IPV4_MAPPED | four;
  }
  return parseIpv6(text);
}

/** Dotted decimals for IPv4, else RFC 5952: one text for one address. */
export function renderIpAddress(address: IpAddress): string {
  if (address >> 32n === 0xffffn)
    return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const zeros = longestZeros(groups);
  if (zeros.count < 2) return groups.join(":");
  const before = groups.slice(0, zeros.at).join(":");
  return `${before}::${groups.slice(zeros.at + zeros.count).join(":")}`;
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Undefined where it is neither, or has bits beyond its prefix. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  const first = parseIpAddress(address);
  if (first === undefined || rest.length > 0) return undefined;
  if (bits === undefined) return { first, prefixBits: BITS };
  const most = address.includes(":") ? BITS : BITS - IPV4_PREFIX_BITS;
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > most) return undefined;
  const prefixBits = Number(bits) + (BITS - most);
  return hostBits(first, prefixBits) === 0n ? { first, prefixBits } : undefined;
}

/** A list with commas between; empty for none. Undefined where one of them is no block, or they are too many. */
export function parseIpBlocks(text: string): IpBlock[] | undefined {
  if (text.trim() === "") return [];
  const blocks = text.split(",").map((part) => parseIpBlock(part.trim()));
  const known = blocks.filter((block) => block !== undefined);
  return known.length === blocks.length && known.length <= MAX_BLOCKS ? known : undefined;
}

export function isInBlock(address: IpAddress, { first, prefixBits }: IpBlock): boolean {
  const shift = BigInt(BITS - prefixBits);
  return address >> shift === first >> shift;
}

function hostBits(address: IpAddress, prefixBits: number): bigint {
  return address & ((1n << BigInt(BITS - prefixBits)) - 1n);
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  if (!parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return groups.reduce((sum, group) => (sum << 16n) | group, 0n);
}

/** The last group may be an IPv4 address, where the text ends with it. */
function parseGroups(text: string, isEnd: boolean): bigint[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    const four = isEnd && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (four !== undefined) groups.push(four >> 16n, four & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function longestZeros(groups: readonly string[]): { at: number; count: number } {
  let best = { at: 0, count: 0 };
  let run = { at: 0, count: 0 };
  for (const [index, group] of groups.entries()) {
    run =
      group === "0"
        ? { at: run.count === 0 ? index : run.at, count: run.count + 1 }
        : { at: 0, count: 0 };
    if (run.count > best.count) best = run;
  }
  return best;
}
