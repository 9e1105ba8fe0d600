/**
 * The form of an API key: `rkp_`, eight letters that name it, thirty-two secret ones, and six of checksum. Secret
 * scanners recognise the beginning, and the checksum tells a real key from text that looks like one, without a look-up.
 */
import { hashToken } from "./codes.ts";

const PREFIX = "rkp_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LETTERS = 8;
/** 190 bits. */
const SECRET_LETTERS = 32;
const CHECKSUM_LETTERS = 6;
const FORM = new RegExp(
  `^${PREFIX}[0-9A-Za-z]{${ID_LETTERS + SECRET_LETTERS + CHECKSUM_LETTERS}}$`,
);
/** The largest multiple of the alphabet's size in a byte: what is above it would favour some letters. */
const FAIR_BYTES = 248;

export interface ParsedApiKey {
  /** No secret. */
  id: string;
  /**
   * What is kept of the key. One round of SHA-256 is enough, because nobody can try 2^190 keys: slow hashes are for
   * secrets that people choose.
   */
  hash: string;
}

export function createApiKey(): string {
  let letters = "";
  while (letters.length < ID_LETTERS + SECRET_LETTERS)
    for (const byte of crypto.getRandomValues(new Uint8Array(ID_LETTERS + SECRET_LETTERS)))
      if (byte < FAIR_BYTES) letters += ALPHABET[byte % ALPHABET.length];
  const body = PREFIX + letters.slice(0, ID_LETTERS + SECRET_LETTERS);
  return body + checksum(body);
}

/** Undefined for text that was never a key. */
export async function parseApiKey(text: string): Promise<ParsedApiKey | undefined> {
  if (!FORM.test(text)) return undefined;
  const body = text.slice(0, -CHECKSUM_LETTERS);
  if (checksum(body) !== text.slice(-CHECKSUM_LETTERS)) return undefined;
  const id = text.slice(PREFIX.length, PREFIX.length + ID_LETTERS);
  return { id, hash: await hashToken(text) };
}

/** What a list shows of a key. */
export function renderKeyStart(id: string): string {
  return `${PREFIX}${id}…`;
}

/** CRC-32 (IEEE 802.3) in six letters. */
function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let letters = "";
  for (let place = 0; place < CHECKSUM_LETTERS; place += 1) {
    letters = ALPHABET[rest % ALPHABET.length] + letters;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return letters;
}
