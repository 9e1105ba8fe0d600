/** The options of where the server listens, with which certificate, and whom it believes. A part of options.ts. */
import { MAX_BLOCKS, parseIpBlocks } from "../core/ip-address.ts";
import { parseListenAddress } from "./listen-address.ts";
import { option } from "./option.ts";

/** Empty for none. */
function listenAddress(text: string): string {
  if (text !== "") parseListenAddress(text);
  return text;
}

/** Empty for none. */
function filePath(text: string): string {
  if (text !== "" && (text.trim() === "" || text.includes("\0")))
    throw new Error("the path of a file is expected");
  return text;
}

function addressBlocks(text: string): string {
  if (parseIpBlocks(text) === undefined)
    throw new Error(
      `at most ${MAX_BLOCKS} addresses or blocks such as 127.0.0.1 or 10.0.0.0/8, with commas between, are expected`,
    );
  return text.trim();
}

export const LISTENING_OPTIONS = {
  ROCKPOOL_TLS_CERT: option({
    parse: filePath,
    default: "",
    defaultDoc: "none: plain HTTP",
    worker: false,
    doc: "File of the TLS certificate, with its chain, in PEM: the server then speaks https itself, TLS 1.2 at least, on every address that it listens on. A renewed file is taken up by itself. See docs/operations.md#https.",
  }),
  ROCKPOOL_TLS_KEY: option({
    parse: filePath,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "File of the certificate's private key, in PEM, which other users of the machine must not be able to read.",
  }),
  ROCKPOOL_METRICS_LISTEN: option({
    parse: listenAddress,
    default: "",
    defaultDoc: "none: on the main address",
    worker: true,
    doc: "Port, or address with a port, of a listener of its own for `/metrics`, `/healthz` and `/readyz`; the main address then has no `/metrics`.",
  }),
  ROCKPOOL_ADMIN_LISTEN: option({
    parse: listenAddress,
    default: "",
    defaultDoc: "none: the admin socket alone",
    worker: false,
    doc: "Port, or address with a port, of a listener for administration: what the admin socket answers, for people who are signed in and for API keys with the scope `admin`, as far as their role goes. Beyond this machine it needs TLS.",
  }),
  ROCKPOOL_ADMIN_CLIENT_CA: option({
    parse: filePath,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "File of the certificate authority, in PEM, that callers of ROCKPOOL_ADMIN_LISTEN must have a certificate of (mutual TLS).",
  }),
  ROCKPOOL_API_LISTEN: option({
    parse: listenAddress,
    default: "",
    defaultDoc: "none: on the main address",
    worker: true,
    doc: "Port, or address with a port, of a listener of its own for the OpenAI-compatible API (`/v1`); the main address then has none.",
  }),
  ROCKPOOL_API_CLIENT_CA: option({
    parse: filePath,
    default: "",
    defaultDoc: "none",
    worker: false,
    doc: "File of the certificate authority, in PEM, that programs at ROCKPOOL_API_LISTEN must have a certificate of (mutual TLS), besides their API key.",
  }),
  ROCKPOOL_TRUSTED_PROXIES: option({
    parse: addressBlocks,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "Addresses of the reverse proxies in front of the server, as `127.0.0.1` or `10.0.0.0/8`, with commas between. Only what these say of a caller's address (`X-Forwarded-For`) is believed; from anybody else it is ignored. See docs/operations.md#reverse-proxy.",
  }),
} as const;
