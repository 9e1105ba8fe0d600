/**
 * The certificate that is served: taken up when its files change, and kept when what came in its place cannot be used.
 * Files are looked at by time and size, because renewals replace files, links and whole folders, each in its own way.
 */
import { statSync } from "node:fs";
import { loadTlsMaterial, type TlsMaterial, type TlsPaths } from "./tls-files.ts";

export const CHECK_MS = 5_000;
/** A certificate is renewed weeks before; one that was not is said every day. */
export const EXPIRY_WARNING_MS = 14 * 86_400_000;
const REMIND_MS = 86_400_000;

export type CertificateEvent =
  | { type: "host:certificate_refused"; reason: string }
  | { type: "host:certificate_expires"; at: string };

export interface CertificateKeeperOptions {
  paths: TlsPaths;
  nowMs(): number;
  onEvent(event: CertificateEvent): void;
  /** Another certificate is there to be served. */
  onRenewed(): void;
}

export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  #material: TlsMaterial;
  #signature: string;
  /** What is there since the last look, and not yet for two looks: a renewal may still be writing. */
  #unsettled: string | undefined;
  #remindedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** Throws tls/*. */
  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
    this.#signature = signatureOf(options.paths);
    this.#material = loadTlsMaterial(options.paths);
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  start(): void {
    this.remind();
    this.#timer = setInterval(() => this.look(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes up what changed and stayed as it is since the look before. */
  look(): void {
    this.remind();
    const signature = signatureOf(this.#options.paths);
    const isSettled = signature === this.#unsettled;
    this.#unsettled = signature === this.#signature ? undefined : signature;
    if (this.#unsettled === undefined || !isSettled) return;
    this.#signature = signature;
    this.#unsettled = undefined;
    if (this.#takeUp()) this.#options.onRenewed();
  }

  /** True where another certificate, key or authority is there and can be used. */
  #takeUp(): boolean {
    const { paths, nowMs, onEvent } = this.#options;
    try {
      const next = loadTlsMaterial(paths);
      if (next.expiresAtMs <= nowMs() && this.#material.expiresAtMs > next.expiresAtMs)
        throw new Error("The new certificate has expired.");
      const isOther = JSON.stringify(next) !== JSON.stringify(this.#material);
      this.#material = next;
      return isOther;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      onEvent({ type: "host:certificate_refused", reason: `${reason} The one before is kept.` });
      return false;
    }
  }

  /** Says once a day that the certificate ends soon, or has ended. */
  remind(): void {
    const nowMs = this.#options.nowMs();
    const { expiresAtMs } = this.#material;
    if (expiresAtMs - nowMs > EXPIRY_WARNING_MS || nowMs - this.#remindedAtMs < REMIND_MS) return;
    this.#remindedAtMs = nowMs;
    const at = new Date(expiresAtMs).toISOString();
    this.#options.onEvent({ type: "host:certificate_expires", at });
  }
}

/** Links are followed: what a renewal changes is often the link. */
function signatureOf({ cert, key, clientCas }: TlsPaths): string {
  return [cert, key, ...Object.values(clientCas)]
    .map((path) => {
      try {
        const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
        return `${dev}:${ino}:${size}:${mtimeNs}`;
      } catch {
        return "none";
      }
    })
    .join(" ");
}
