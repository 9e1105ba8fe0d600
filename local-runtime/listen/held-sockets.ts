/**
 * Listening sockets that belong to the supervisor and are lent to one workerd after the other. Between two of them a
 * caller is not refused: the kernel keeps its connection until the next one takes it.
 */
import { spawn } from "node:child_process";
import { lookup } from "node:dns/promises";
import * as net from "node:net";
import { getSystemErrorName } from "node:util";
import type { OptionName } from "../../src/config/options.ts";
import { EXIT, HostError, systemCode } from "../host-error.ts";

export interface HeldSocket {
  /** Name of the socket in workerd's config. */
  name: string;
  /** For the stdio of a child process. */
  fd: number;
  host: string;
  /** The one that was got, where 0 was asked for. */
  port: number;
  close(): void;
}

export interface WantedSocket {
  name: string;
  option: OptionName;
  host: string;
  port: number;
  /** At the port of the first one, and left out where it cannot be had there. */
  isTwin?: boolean;
}

/** A bound socket of Node that no event loop listens on. */
interface BoundHandle {
  fd: number;
  getsockname(into: { port?: number }): number;
  close(): void;
}

/**
 * Bound without being listened on: `net.Server` would accept connections itself, in the place of workerd. Node's own
 * cluster module shares sockets through this function. Answers the handle or a negative system error.
 */
const { _createServerHandle: bind } = net as unknown as {
  // Not in Node's types.
  _createServerHandle(
    address: string,
    port: number,
    family: number,
    fd?: undefined,
    flags?: number,
  ): BoundHandle | number;
};

/** `listen` is done by a process that ends at once: a socket keeps listening while anybody holds it. */
const LISTEN = `const { createServer } = require("node:net");
let left = Number(process.argv[1]);
for (let fd = 3; fd < 3 + Number(process.argv[1]); fd += 1)
  createServer().on("error", (error) => { console.error(fd - 3, error.code); process.exit(1); })
    .listen({ fd, backlog: 1024 }, () => { left -= 1; if (left === 0) process.exit(0); });`;

/** Throws server/port_taken, server/port_forbidden and server/host_unknown; then none is held. */
export async function holdSockets(wanted: readonly WantedSocket[]): Promise<HeldSocket[]> {
  const held: HeldSocket[] = [];
  const bound: WantedSocket[] = [];
  try {
    for (const socket of wanted) {
      const port = socket.isTwin ? (held[0]?.port ?? socket.port) : socket.port;
      const taken = await bindSocket({ ...socket, port }).catch((error: unknown) => {
        if (!socket.isTwin) throw error;
      });
      if (!taken) continue;
      held.push(taken);
      bound.push(socket);
    }
    for (let refused = await listenOn(held); refused; refused = await listenOn(held)) {
      const socket = bound[refused.index] ?? bound[0];
      if (!socket?.isTwin) throw explainSocketFailure(socket, refused.code);
      bound.splice(refused.index, 1);
      for (const twin of held.splice(refused.index, 1)) twin.close();
    }
    return held;
  } catch (error) {
    for (const socket of held) socket.close();
    throw error;
  }
}

async function bindSocket(wanted: WantedSocket): Promise<HeldSocket> {
  const { name, host, port } = wanted;
  const found = await lookup(host).catch((error: unknown) => {
    throw explainSocketFailure(wanted, systemCode(error) ?? "ENOTFOUND");
  });
  const handle = bind(found.address, port, found.family, undefined, 0);
  if (typeof handle === "number") throw explainSocketFailure(wanted, getSystemErrorName(handle));
  const bound: { port?: number } = {};
  handle.getsockname(bound);
  // Node says of a port that is in use only when it is listened on; the socket is then bound to none.
  if (!bound.port || (port !== 0 && bound.port !== port)) {
    handle.close();
    throw explainSocketFailure(wanted, "EADDRINUSE");
  }
  return { name, fd: handle.fd, host, port: bound.port, close: () => handle.close() };
}

async function listenOn(
  held: readonly HeldSocket[],
): Promise<{ index: number; code: string } | undefined> {
  const child = spawn(process.execPath, ["-e", LISTEN, String(held.length)], {
    env: {},
    stdio: ["ignore", "ignore", "pipe", ...held.map(({ fd }) => fd)],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status === 0) return undefined;
  const [, index = "0", code = "unknown"] = /^(\d+) (\w+)/m.exec(said) ?? [];
  return { index: Number(index), code };
}

/** A socket that cannot be listened on, in words for people. */
export function explainSocketFailure(wanted: WantedSocket | undefined, code: string): HostError {
  const { option = "PORT", host = "", port = 0 } = wanted ?? {};
  const isMain = option === "PORT";
  if (code === "EADDRINUSE") {
    const next = port >= 65_535 ? port - 1 : port + 1;
    return new HostError({
      code: "server/port_taken",
      message: `Port ${port} of ${host} is taken by another program.`,
      fix: `Choose another port (${isMain ? `PORT=${next} npm start` : option}), or stop that program.`,
      exitStatus: EXIT.unavailable,
    });
  }
  if (code === "EACCES")
    return new HostError({
      code: "server/port_forbidden",
      message: `This user may not listen on port ${port}.`,
      fix: `Set ${option} to 1024 or more, and put a reverse proxy in front of it.`,
      exitStatus: EXIT.permission,
    });
  return new HostError({
    code: "server/host_unknown",
    message: `${isMain ? "HOST" : option} is no address of this machine (${host}; ${code}).`,
    fix: `Set ${isMain ? "HOST" : "it"} to 127.0.0.1, to 0.0.0.0 (all addresses), or to one that \`ip address\` shows.`,
    exitStatus: EXIT.config,
  });
}
