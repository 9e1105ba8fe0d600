/** Which listeners a box has, decided from its options, and which of them may not be as they are stated. Pure. */
import { type ListenAddress, parseListenAddress } from "../../src/config/listen-address.ts";
import type { OptionName, Options } from "../../src/config/options.ts";
import { isInBlock, parseIpAddress, parseIpBlocks } from "../../src/core/ip-address.ts";
import { EXIT, HostError } from "../host-error.ts";

export interface Listener extends ListenAddress {
  /** Its name in workerd's config. */
  name: "http" | "localhost" | "metrics" | "api" | "administration";
  /** The option that a person changes to move it. */
  option: OptionName;
  /** Class of the Worker that answers there; the Worker's default where there is none. */
  entrypoint?: string;
  /** File of the authority whose certificates callers must have; empty where they need none. */
  clientCa: string;
  /** At the port of the main one; left out where it cannot be had. */
  isTwin?: true;
}

/** What browsers try first for `localhost`. */
const LOCALHOST_FIRST = "::1";

/** The main one first. Throws `config/invalid` where options contradict each other. */
export function listListeners(options: Options): Listener[] {
  refuseContradictions(options);
  const { HOST, PORT, ROCKPOOL_METRICS_LISTEN, ROCKPOOL_API_LISTEN } = options;
  const listeners: Listener[] = [
    { name: "http", option: "PORT", host: HOST, port: PORT, clientCa: "" },
  ];
  // Whoever else answered there would be handed what is meant for this box.
  if (HOST === "127.0.0.1" && options.ROCKPOOL_TLS_CERT === "")
    listeners.push({
      name: "localhost",
      option: "PORT",
      host: LOCALHOST_FIRST,
      port: PORT,
      clientCa: "",
      isTwin: true,
    });
  if (ROCKPOOL_METRICS_LISTEN !== "")
    listeners.push({
      name: "metrics",
      option: "ROCKPOOL_METRICS_LISTEN",
      ...parseListenAddress(ROCKPOOL_METRICS_LISTEN),
      entrypoint: "MetricsListener",
      clientCa: "",
    });
  if (ROCKPOOL_API_LISTEN !== "")
    listeners.push({
      name: "api",
      option: "ROCKPOOL_API_LISTEN",
      ...parseListenAddress(ROCKPOOL_API_LISTEN),
      entrypoint: "ApiListener",
      clientCa: options.ROCKPOOL_API_CLIENT_CA,
    });
  if (options.ROCKPOOL_ADMIN_LISTEN !== "")
    listeners.push({
      name: "administration",
      option: "ROCKPOOL_ADMIN_LISTEN",
      ...parseListenAddress(options.ROCKPOOL_ADMIN_LISTEN),
      entrypoint: "AdminListener",
      clientCa: options.ROCKPOOL_ADMIN_CLIENT_CA,
    });
  refuseSameAddress(listeners);
  return listeners;
}

function refuseSameAddress(listeners: readonly Listener[]): void {
  const known = new Map<string, OptionName>();
  for (const { host, port, option } of listeners) {
    const other = known.get(`${host} ${port}`);
    if (port !== 0 && other !== undefined)
      throw contradiction(`${other} and ${option} are one address`, `Give ${option} another port.`);
    known.set(`${host} ${port}`, option);
  }
}

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const address = parseIpAddress(host);
  if (address === undefined) return host === "localhost";
  return (parseIpBlocks("127.0.0.0/8,::1") ?? []).some((block) => isInBlock(address, block));
}

function refuseContradictions(options: Options): void {
  const isSecure = options.ROCKPOOL_TLS_CERT !== "";
  if (isSecure !== (options.ROCKPOOL_TLS_KEY !== ""))
    throw contradiction(
      "ROCKPOOL_TLS_CERT and ROCKPOOL_TLS_KEY belong together, and one of them is missing",
      "Set both, or none.",
    );
  const admin = options.ROCKPOOL_ADMIN_LISTEN;
  if (admin !== "" && !isSecure && !isLoopback(parseListenAddress(admin).host))
    throw contradiction(
      "ROCKPOOL_ADMIN_LISTEN is beyond this machine, and the server does not speak TLS",
      "Set ROCKPOOL_TLS_CERT and ROCKPOOL_TLS_KEY, or name a port alone: it is this machine's.",
    );
  for (const [ca, listen] of CLIENT_CAS) {
    if (options[ca] === "") continue;
    if (options[listen] === "")
      throw contradiction(
        `${ca} is set, and ${listen} is not: certificates are asked for on a listener of its own`,
        `Set ${listen}, such as ${listen}=9443.`,
      );
    if (!isSecure)
      throw contradiction(
        `${ca} is set, and the server does not speak TLS`,
        "Set ROCKPOOL_TLS_CERT and ROCKPOOL_TLS_KEY.",
      );
  }
}

const CLIENT_CAS = [
  ["ROCKPOOL_API_CLIENT_CA", "ROCKPOOL_API_LISTEN"],
  ["ROCKPOOL_ADMIN_CLIENT_CA", "ROCKPOOL_ADMIN_LISTEN"],
] as const;

function contradiction(what: string, fix: string): HostError {
  return new HostError({
    code: "config/invalid",
    message: `Options do not go together: ${what}.`,
    fix,
    exitStatus: EXIT.config,
  });
}
