/** A secret of the box that code can use and cannot read: it vouches for what the box itself has said. */

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** The key as the host hands it over; hexadecimal text stands in for it in development and tests. */
export async function openBoxSecret(binding: CryptoKey | string): Promise<CryptoKey> {
  if (typeof binding !== "string") return binding;
  const raw = Uint8Array.from(binding.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return crypto.subtle.importKey("raw", raw, HMAC, false, ["sign", "verify"]);
}

/** 32 bytes that nobody else can make of this text. */
export async function vouch(secret: CryptoKey, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(HMAC, secret, new TextEncoder().encode(text)));
}
