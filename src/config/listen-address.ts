/** Where a listener listens: `9443` (this machine only), `192.0.2.7:9443`, `[::1]:9443` or `name:9443`. */

export interface ListenAddress {
  host: string;
  /** 0 takes a free one. */
  port: number;
}

/** Whoever names a port alone means this machine. */
const LOOPBACK = "127.0.0.1";

/** Throws an Error that says what is expected. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (!(port <= 65_535))
    throw new Error("a port or an address with a port is expected, such as 9443 or 192.0.2.7:9443");
  return { host: match?.[1] ?? match?.[2] ?? LOOPBACK, port };
}
