/**
 * How callers reach this box: the sockets of all listeners, held for as long as the server runs, and the certificate that
 * they are answered with.
 */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Options } from "../../src/config/options.ts";
import { writeFileAtomic } from "../atomic-file.ts";
import type { DataFolder } from "../data-folder.ts";
import type { SocketFacts } from "../workerd-config/capnp.ts";
import { type CertificateEvent, CertificateKeeper } from "./certificate-keeper.ts";
import { type HeldSocket, holdSockets } from "./held-sockets.ts";
import { type Listener, listListeners } from "./listeners.ts";
import type { TlsMaterial, TlsPaths } from "./tls-files.ts";

export interface ListeningOptions {
  /** Folder that relative paths of options count from. */
  root: string;
  folder: DataFolder;
  options: Options;
  onEvent(event: CertificateEvent): void;
}

/** Names in the folder `run`; workerd embeds them. */
const KEY_FILE = "tls.key";
const CHAIN_FILE = "tls.pem";

export class Listening {
  readonly sockets: readonly HeldSocket[];
  readonly #options: ListeningOptions;
  readonly #listeners: readonly Listener[];
  readonly #certificate: CertificateKeeper | undefined;
  #onRenewed: () => void = () => {};

  private constructor(
    options: ListeningOptions,
    listeners: readonly Listener[],
    sockets: readonly HeldSocket[],
    paths: TlsPaths | undefined,
  ) {
    this.#options = options;
    this.#listeners = listeners;
    this.sockets = sockets;
    this.#certificate = paths && this.#openCertificate(paths);
  }

  /** Throws config/invalid, tls/*, server/port_taken, server/port_forbidden and server/host_unknown. */
  static async open(options: ListeningOptions): Promise<Listening> {
    const listeners = listListeners(options.options);
    const paths = tlsPaths(options.root, options.options, listeners);
    const sockets = await holdSockets(listeners);
    try {
      return new Listening(options, listeners, sockets, paths);
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
  }

  /** Watches the certificate's files from now on. */
  start(onRenewed: () => void): void {
    this.#onRenewed = onRenewed;
    this.#certificate?.start();
  }

  close(): void {
    this.#certificate?.stop();
    for (const socket of this.sockets) socket.close();
  }

  /**
   * Where the server answers; `pageUrl` is for the browser of this machine: browsers take passkeys at `localhost` and not
   * at 127.0.0.1. Only where the box answers there, whichever kind of address the browser makes of it.
   */
  addresses(): { url: string; pageUrl: string; apiUrl?: string } {
    const find = (wanted: string) => this.sockets.find(({ name }) => name === wanted);
    const [twin, api] = [find("localhost"), find("api")];
    const url = this.#urlOf(this.sockets[0]);
    return {
      url,
      pageUrl: twin ? reachableUrl({ host: "localhost", port: twin.port }) : url,
      ...(api ? { apiUrl: this.#urlOf(api) } : {}),
    };
  }

  #urlOf({ host, port }: { host: string; port: number } = { host: "", port: 0 }): string {
    const secureName = this.#certificate && (this.#certificate.material.host ?? "");
    return reachableUrl({ host, port, secureName });
  }

  /** Writes what the next run embeds, and says what its config must know. */
  prepare(): SocketFacts[] {
    const material = this.#certificate?.material;
    this.#writeFiles(material);
    return this.sockets.map(({ name, host, port }) => {
      const { entrypoint } = this.#listeners.find((listener) => listener.name === name) ?? {};
      const clientCas = (material?.clientCaPems[name] ?? []).map((_, at) => caFile(name, at));
      return {
        name,
        host,
        port,
        ...(entrypoint === undefined ? {} : { entrypoint }),
        ...(material ? { tls: { key: KEY_FILE, chain: CHAIN_FILE, clientCas } } : {}),
      };
    });
  }

  #openCertificate(paths: TlsPaths): CertificateKeeper {
    return new CertificateKeeper({
      paths,
      nowMs: () => Date.now(),
      onEvent: this.#options.onEvent,
      onRenewed: () => this.#onRenewed(),
    });
  }

  /** Copies: a run that starts again after a crash has the certificate that was checked, whatever the owner's files hold. */
  #writeFiles(material: TlsMaterial | undefined): void {
    const { run } = this.#options.folder;
    if (!material) {
      rmSync(join(run, KEY_FILE), { force: true });
      return;
    }
    writeFileAtomic(join(run, KEY_FILE), material.keyPem);
    writeFileAtomic(join(run, CHAIN_FILE), material.chainPem);
    for (const [name, pems] of Object.entries(material.clientCaPems))
      for (const [index, pem] of pems.entries())
        writeFileAtomic(join(run, caFile(name, index)), pem);
  }
}

/** The files that the options name; undefined where the server speaks plain HTTP. */
export function tlsPaths(
  root: string,
  { ROCKPOOL_TLS_CERT: cert, ROCKPOOL_TLS_KEY: key }: Options,
  listeners: readonly Listener[],
): TlsPaths | undefined {
  if (cert === "") return undefined;
  const clientCas = listeners
    .filter(({ clientCa }) => clientCa !== "")
    .map(({ name, clientCa }) => [name, resolve(root, clientCa)] as const);
  return {
    cert: resolve(root, cert),
    key: resolve(root, key),
    clientCas: Object.fromEntries(clientCas),
  };
}

/**
 * The address under which this machine reaches a server that listens there. `secureName`: first name of its certificate,
 * empty for one without; undefined for plain HTTP.
 */
export function reachableUrl(at: {
  host: string;
  port: number;
  secureName?: string | undefined;
}): string {
  const loopback: Record<string, string> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const host = loopback[at.host] ?? at.host;
  const name = at.secureName || (host.includes(":") ? `[${host}]` : host);
  return new URL(`${at.secureName === undefined ? "http" : "https"}://${name}:${at.port}`).origin;
}

function caFile(listener: string, index: number): string {
  return `${listener}-ca-${index}.pem`;
}
