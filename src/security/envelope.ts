/**
 * The form of what is sealed. Version 2, which everything is sealed in:
 *
 *   2 (1 byte) · data key (4) · person key, 0 for the box's own (4) · nonce (12, random) · ciphertext and tag
 *
 * Version 1 names no person key: 1 · data key (4) · nonce (12) · ciphertext and tag. It is only opened. Numbers are
 * big-endian. Pure.
 */
import { AppError } from "../core/errors.ts";

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = { 1: 5, 2: 9 } as const;
/** The person key of what belongs to nobody. */
export const BOX_KEY = 0;

/** Whose content key opens an envelope. */
export interface KeyNames {
  version: 1 | 2;
  dataKey: number;
  personKey: number;
}

export interface ParsedEnvelope extends KeyNames {
  nonce: Uint8Array;
  /** Ciphertext and tag. */
  sealed: Uint8Array;
}

/** Throws crypto/cannot_open for bytes that are no envelope. */
export function parseEnvelope(bytes: Uint8Array): ParsedEnvelope {
  const version = bytes[0];
  if (version !== 1 && version !== 2) throw noEnvelope();
  const headerBytes = HEADER_BYTES[version];
  if (bytes.length < headerBytes + NONCE_BYTES + TAG_BYTES) throw noEnvelope();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version,
    dataKey: view.getUint32(1),
    personKey: version === 2 ? view.getUint32(5) : BOX_KEY,
    nonce: bytes.subarray(headerBytes, headerBytes + NONCE_BYTES),
    sealed: bytes.subarray(headerBytes + NONCE_BYTES),
  };
}

/** An envelope of version 2. */
export function writeEnvelope(
  dataKey: number,
  personKey: number,
  nonce: Uint8Array,
  sealed: ArrayBuffer,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES[2] + NONCE_BYTES + sealed.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 2);
  view.setUint32(1, dataKey);
  view.setUint32(5, personKey);
  bytes.set(nonce, HEADER_BYTES[2]);
  bytes.set(new Uint8Array(sealed), HEADER_BYTES[2] + NONCE_BYTES);
  return bytes;
}

function noEnvelope(): AppError {
  return new AppError("crypto/cannot_open", { detail: "This is no sealed value." });
}
