/**
 * The public keys of access tokens, remembered in the isolate. A token that names an unknown key may be forged: whoever
 * sends many of them makes the credentials object be asked once in a while, not each time. A key that this isolate has
 * handed out a token of is asked for at once.
 */

/** After they were asked for. A new key that another machine signs with is unknown here for no longer. */
export const ASK_AGAIN_MS = 1_000;
/** Two sign, around the daily change; the rest is for several machines. */
const MAX_KEYS = 16;
const KID = /^[0-9a-f-]{36}$/;
/** Whoever asks may be cut off before the answer: others wait for it no longer than this. */
const ANSWER_MS = 1_000;
const POLL_MS = 5;
/** An answer that was on its way when a key was new may not have it: then it is asked for once more. */
const MAX_ROUNDS = 4;

type LoadKeys = () => Promise<readonly (readonly [kid: string, key: CryptoKey])[]>;

export interface VerifyKeysDeps {
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

/** Keeps values, never promises: one made in a request must not be awaited in another. */
export class VerifyKeys {
  readonly #deps: VerifyKeysDeps;
  #keys = new Map<string, CryptoKey>();
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #isOutdated = false;

  constructor(deps: VerifyKeysDeps) {
    this.#deps = deps;
  }

  /** Undefined for a key that signs nothing that is still good. Throws what loading throws. */
  async find(kid: string, load: LoadKeys): Promise<CryptoKey | undefined> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const known = this.#keys.get(kid);
      if (known || !KID.test(kid)) return known;
      if (this.#isAsking) await this.#waitForAnswer();
      else if (this.#mayAsk()) await this.#ask(load);
      else return undefined;
    }
    return this.#keys.get(kid);
  }

  /** A token that this key has signed was handed out. */
  noteSigned(kid: string): void {
    if (!this.#keys.has(kid)) this.#isOutdated = true;
  }

  #mayAsk(): boolean {
    const restedMs = this.#deps.nowMs() - this.#askedAtMs;
    // A clock that was set back holds nobody up.
    return this.#isOutdated || restedMs < 0 || restedMs >= ASK_AGAIN_MS;
  }

  async #ask(load: LoadKeys): Promise<void> {
    this.#askedAtMs = this.#deps.nowMs();
    this.#isOutdated = false;
    this.#isAsking = true;
    try {
      // Those that are not listed any more signed nothing that is still good.
      this.#keys = new Map((await load()).slice(0, MAX_KEYS));
    } finally {
      this.#isAsking = false;
    }
  }

  async #waitForAnswer(): Promise<void> {
    for (let waitedMs = 0; this.#isAsking && waitedMs < ANSWER_MS; waitedMs += POLL_MS)
      await this.#deps.wait(POLL_MS);
    // It was cut off: the next one asks.
    this.#isAsking = false;
  }
}
