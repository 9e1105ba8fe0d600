/** A passkey in software, as WebAuthn describes it: ECDSA with P-256, no attestation. For tests of what the server takes. */

const ES256 = { name: "ECDSA", namedCurve: "P-256" };
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

export interface Ceremony {
  challenge: string;
  origin: string;
  host: string;
  /** Left out, the person has proved to be there by a finger or a PIN. */
  flags?: number;
}

function base64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function head(major: number, value: number): Uint8Array {
  const type = major << 5;
  if (value < 24) return Uint8Array.of(type | value);
  if (value < 256) return Uint8Array.of(type | 24, value);
  return Uint8Array.of(type | 25, value >> 8, value & 255);
}

const cbor = {
  bytes: (value: Uint8Array) => join(head(2, value.length), value),
  text: (value: string) => {
    const bytes = new TextEncoder().encode(value);
    return join(head(3, bytes.length), bytes);
  },
  number: (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value)),
  map: (...pairs: [Uint8Array, Uint8Array][]) => join(head(5, pairs.length), ...pairs.flat()),
};

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text).slice();
}

function clientData(type: string, { challenge, origin }: Ceremony): Uint8Array<ArrayBuffer> {
  return encode(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

/** ECDSA signatures travel as DER; Web Crypto makes two numbers in a row. */
function toDer(signature: Uint8Array): Uint8Array {
  const number = (bytes: Uint8Array) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const short = bytes.subarray(Math.max(0, first));
    const isHigh = ((short[0] ?? 0) & 0x80) !== 0;
    const body = isHigh ? join(Uint8Array.of(0), short) : short;
    return join(Uint8Array.of(2, body.length), body);
  };
  const body = join(number(signature.subarray(0, 32)), number(signature.subarray(32)));
  return join(Uint8Array.of(0x30, body.length), body);
}

export class SoftwareAuthenticator {
  readonly id = crypto.getRandomValues(new Uint8Array(16));
  counter = 1;
  readonly #pair: CryptoKeyPair;

  private constructor(pair: CryptoKeyPair) {
    this.#pair = pair;
  }

  static async create(): Promise<SoftwareAuthenticator> {
    const pair = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
    return new SoftwareAuthenticator(pair as CryptoKeyPair); // ECDSA makes a pair
  }

  /** What a browser answers to `navigator.credentials.create()`. */
  async enrol(ceremony: Ceremony) {
    const raw = await crypto.subtle.exportKey("raw", this.#pair.publicKey);
    const point = new Uint8Array(raw as ArrayBuffer); // "raw" exports bytes
    const key = cbor.map(
      [cbor.number(1), cbor.number(2)],
      [cbor.number(3), cbor.number(-7)],
      [cbor.number(-1), cbor.number(1)],
      [cbor.number(-2), cbor.bytes(point.subarray(1, 33))],
      [cbor.number(-3), cbor.bytes(point.subarray(33))],
    );
    const credential = join(new Uint8Array(16), Uint8Array.of(0, this.id.length), this.id, key);
    const authData = join(await this.#state(ceremony, HAS_CREDENTIAL), credential);
    const attestation = cbor.map(
      [cbor.text("fmt"), cbor.text("none")],
      [cbor.text("attStmt"), cbor.map()],
      [cbor.text("authData"), cbor.bytes(authData)],
    );
    const response = {
      clientDataJSON: base64Url(clientData("webauthn.create", ceremony)),
      attestationObject: base64Url(attestation),
    };
    return { ...this.#common(), response };
  }

  /** What a browser answers to `navigator.credentials.get()`. */
  async answer(ceremony: Ceremony) {
    const data = clientData("webauthn.get", ceremony);
    const authenticatorData = await this.#state(ceremony, 0);
    const signature = await crypto.subtle.sign(
      { name: "ECDSA", hash: "SHA-256" },
      this.#pair.privateKey,
      join(authenticatorData, await digest(data)),
    );
    const response = {
      clientDataJSON: base64Url(data),
      authenticatorData: base64Url(authenticatorData),
      signature: base64Url(toDer(new Uint8Array(signature))),
    };
    return { ...this.#common(), response };
  }

  #common() {
    const id = base64Url(this.id);
    return { id, rawId: id, type: "public-key", clientExtensionResults: {} };
  }

  async #state({ host, flags = USER_PRESENT | USER_VERIFIED }: Ceremony, more: number) {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, this.counter);
    this.counter += 1;
    return join(await digest(encode(host)), Uint8Array.of(flags | more), counter);
  }
}
