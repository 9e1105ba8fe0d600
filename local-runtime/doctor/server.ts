/** Checks of what is spoken to over the network: the port, the running server, its accounts, the model server. */

import type { IncomingMessage } from "node:http";
import * as http from "node:http";
import * as https from "node:https";
import { createServer } from "node:net";
import * as v from "valibot";
import { parseIpAddress } from "../../src/core/ip-address.ts";
import { systemCode } from "../host-error.ts";
import { reachableUrl } from "../listen/listening.ts";
import { loadServerStatus } from "../screen/server-status.ts";
import type { Settings } from "../settings.ts";
import type { RunState } from "../supervisor/run-state.ts";
import { type Finding, fail, failure, ok, warn } from "./check.ts";

const ANSWER_TIMEOUT_MS = 5_000;

const TagsSchema = v.object({ models: v.array(v.object({ name: v.string() })) });

/** `state` is that of a running server. */
export async function checkPort(
  { options: { HOST, PORT } }: Settings,
  state: RunState | undefined,
): Promise<Finding> {
  if (state) return ok("Port", `the server of this folder answers at ${state.url}`);
  if (PORT === 0) return ok("Port", "a free one is taken at the start");
  const code = await tryToListen(HOST, PORT);
  if (code === undefined) return ok("Port", `${PORT} of ${HOST} is free`);
  if (code === "EADDRINUSE")
    return fail(
      "Port",
      `${PORT} of ${HOST} is taken by another program`,
      `Choose another one (PORT=${PORT + 1} npm start), or stop that program (ss -ltnp shows it).`,
    );
  return fail(
    "Port",
    `${HOST}:${PORT} cannot be listened on (${code})`,
    "Set HOST to an address of this machine and PORT to 1024 or more.",
  );
}

export async function checkServer(
  settings: Settings,
  state: RunState | undefined,
): Promise<Finding> {
  if (!state) return ok("Server", "it is not running; `npm start` starts it");
  try {
    const status = await askStatus(new URL("/readyz", state.url), settings.options.HOST);
    if (status === 200) return ok("Server", "it is ready");
    return fail("Server", `it answers ${status} to /readyz`, "Look at `npx rockpool logs`.");
  } catch {
    return fail(
      "Server",
      `it does not answer at ${state.url}`,
      "Look at `npx rockpool logs`; start it again with `npx rockpool down` and `npm start`.",
    );
  }
}

/**
 * Asked on this machine, whatever the name leads to elsewhere. Who answers is not proved here: the certificate has a check
 * of its own.
 */
function askStatus(url: URL, listensOn: string): Promise<number> {
  const isSecure = url.protocol === "https:";
  const { hostname: host } = new URL(reachableUrl({ host: listensOn, port: 1 }));
  const call = {
    host: host.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (isSecure ? 443 : 80)),
    path: url.pathname,
    headers: { host: url.host },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const read = (response: IncomingMessage) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    };
    const sent = isSecure
      ? https.request({ ...call, rejectUnauthorized: false, servername: servername(url) }, read)
      : http.request(call, read);
    sent.once("error", reject).end();
  });
}

/** A name, where there is one: an address is no name that TLS may ask for. */
function servername({ hostname }: URL): string {
  return parseIpAddress(hostname.replace(/^\[|\]$/g, "")) === undefined ? hostname : "";
}

/** Webhook accounts need an address that the platform can reach. */
export async function checkPublicUrl(state: RunState | undefined): Promise<Finding> {
  const what = "Public address";
  if (!state) return ok(what, "looked at when the server runs");
  try {
    const { publicUrl, accounts } = await loadServerStatus(state.adminSocket);
    if (publicUrl !== "") return ok(what, publicUrl);
    const waiting = accounts.filter((account) => account.transport === "webhook");
    if (waiting.length === 0) return ok(what, "none is set, and no account needs one");
    const names = waiting.map(({ channel, name }) => `${channel}/${name}`).join(", ");
    return warn(
      what,
      `none is set, and platforms cannot reach ${names}`,
      "Set ROCKPOOL_PUBLIC_URL to the https address of your reverse proxy, or use --transport poll.",
    );
  } catch (error) {
    return failure(what, error);
  }
}

export async function checkModelServer({ options }: Settings): Promise<Finding> {
  const what = "Model server";
  const url = options.ROCKPOOL_MODEL_URL;
  try {
    const response = await fetch(`${url}/api/tags`, {
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const { models } = v.parse(TagsSchema, await response.json());
    if (models.length > 0) return ok(what, `${models.length} installed at ${url}`);
    return warn(what, `no model is installed at ${url}`, "ollama pull qwen3:4b");
  } catch {
    return warn(
      what,
      `no Ollama-compatible server answers at ${url}`,
      "Install Ollama (https://ollama.com/download) and type `ollama pull qwen3:4b`; or let Rockpool run a model itself (`npx rockpool model list`); or set ROCKPOOL_MODEL_URL.",
    );
  }
}

/** The code of what went wrong; undefined where the port is free. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(systemCode(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
