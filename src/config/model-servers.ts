/**
 * The model servers that the options name: ROCKPOOL_MODEL_URL and those of ROCKPOOL_MODEL_SERVERS, with the names of the
 * bindings that reach them. Host and Worker read the same list, so that their indices agree.
 */
import { type IpBlock, isInBlock, parseIpAddress, parseIpBlocks } from "../core/ip-address.ts";

type ServerKind = "ollama" | "openai";

/** `box`: this machine. `home`: a private network. `public`: somebody else's, which answers only where it is named. */
export type ServerPlace = "box" | "home" | "public";

export interface ModelServerSpec {
  name: string;
  kind: ServerKind;
  /** Without a slash at its end. */
  url: string;
  /** Calls that it answers at once; undefined where ROCKPOOL_MODEL_SLOTS counts. */
  slots?: number;
}

/** The server at ROCKPOOL_MODEL_URL. */
export const MAIN_SERVER = "main";
/** Besides the main one. */
export const MAX_MODEL_SERVERS = 8;

const SERVER_NAME = /^[a-z][a-z0-9-]{0,30}$/;
export const MAX_SLOTS = 256;

/** Address in its normal form. Throws an Error that says what is expected. */
export function parseHttpAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new Error("an http or https address without credentials is expected");
  return url.href.replace(/\/+$/, "");
}

/**
 * `name=kind+url` or `name*slots=kind+url`, several with commas between. Throws an Error that says of every wrong entry what is expected; entries
 * are told by their number, since a name may be what is wrong.
 */
export function parseModelServers(text: string): ModelServerSpec[] {
  const entries = text.split(",").map((entry) => entry.trim());
  if (text.trim() === "") return [];
  const problems: string[] = [];
  const servers = entries.flatMap((entry, index) => {
    try {
      return [parseEntry(entry)];
    } catch (error) {
      problems.push(`entry ${index + 1}: ${error instanceof Error ? error.message : "?"}`);
      return [];
    }
  });
  const names = servers.map(({ name }) => name);
  if (new Set(names).size < names.length) problems.push("each server needs a name of its own");
  if (entries.length > MAX_MODEL_SERVERS)
    problems.push(`no more than ${MAX_MODEL_SERVERS} servers are expected`);
  if (problems.length > 0) throw new Error(problems.join(", "));
  return servers;
}

function parseEntry(entry: string): ModelServerSpec {
  const [, name = "", count, kind = "", url = ""] =
    /^([^=*]*)(?:\*([^=]*))?=(?:([^+]*)\+)?(.*)$/s.exec(entry) ?? [];
  if (!SERVER_NAME.test(name))
    throw new Error("name=kind+url is expected, the name of small letters, digits and hyphens");
  if (kind !== "ollama" && kind !== "openai")
    throw new Error("the kind ollama or openai is expected, as in lan=ollama+http://host:11434");
  const server = { name, kind, url: parseHttpAddress(url) } as const;
  return count === undefined ? server : { ...server, slots: parseSlots(count) };
}

function parseSlots(text: string): number {
  const slots = /^\d+$/.test(text) ? Number(text) : 0;
  if (slots < 1 || slots > MAX_SLOTS)
    throw new Error(
      `slots from 1 to ${MAX_SLOTS} are expected, as in lan*2=ollama+http://host:11434`,
    );
  return slots;
}

/** The main one first. A server that is named `main` stands in place of ROCKPOOL_MODEL_URL. */
export function listModelServers(options: {
  ROCKPOOL_MODEL_URL: string;
  ROCKPOOL_MODEL_SERVERS: string;
}): ModelServerSpec[] {
  const named = parseModelServers(options.ROCKPOOL_MODEL_SERVERS);
  const main = named.find(({ name }) => name === MAIN_SERVER);
  const byUrl = { name: MAIN_SERVER, kind: "ollama", url: options.ROCKPOOL_MODEL_URL } as const;
  return [main ?? byUrl, ...named.filter((server) => server !== main)];
}

/** Name of the binding that reaches the server at this place of the list. */
export function modelBinding(index: number): string {
  return index === 0 ? "MODEL" : `MODEL_${index}`;
}

/** Name of the text binding with the server's key. */
export function modelKeyBinding(index: number): string {
  return `MODEL_KEY_${index}`;
}

const LOOPBACK = parseIpBlocks("127.0.0.0/8,::1") ?? [];
const PRIVATE =
  parseIpBlocks(
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,100.64.0.0/10,fc00::/7,fe80::/10",
  ) ?? [];
/** Names that only a private network has. */
const PRIVATE_NAME = /\.(local|lan|home|internal|home\.arpa)$|^[^.]+$/;

/** By its address alone; a public name that means a private address counts as public. */
export function placeOf(url: string): ServerPlace {
  const { hostname } = new URL(url);
  const address = parseIpAddress(hostname.replace(/^\[|\]$/g, ""));
  if (address === undefined) {
    if (hostname === "localhost") return "box";
    return PRIVATE_NAME.test(hostname) ? "home" : "public";
  }
  const isIn = (blocks: readonly IpBlock[]) => blocks.some((block) => isInBlock(address, block));
  if (isIn(LOOPBACK)) return "box";
  return isIn(PRIVATE) ? "home" : "public";
}
