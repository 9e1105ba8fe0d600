/** Bytes packed and encrypted to the recovery key's recipient, in the age format: `age -d | gunzip` opens them too. */
import { promisify } from "node:util";
import { constants, gunzip, gzip } from "node:zlib";
import { Decrypter, Encrypter } from "age-encryption";

const compress = promisify(gzip);
const decompress = promisify(gunzip);
/** Sealed bytes do not compress; what does are the empty parts of databases, and those are runs of zeros. */
const GZIP = { strategy: constants.Z_RLE, level: 1 };

export async function encryptTo(recipient: string, bytes: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return await encrypter.encrypt(await compress(bytes, GZIP));
}

/** Throws where the bytes were not encrypted to this identity, were changed, or hold more than `maxBytes`. */
export async function decryptWith(
  identity: string,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return await decompress(await decrypter.decrypt(bytes), { maxOutputLength: maxBytes });
}
