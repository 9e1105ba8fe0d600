/** The signed receipt of an erasure, read and verified with the public key alone. */
import * as v from "valibot";
import {
  ERASURE_STEPS,
  type ErasureReceipt,
  type ErasureState,
  signedReceiptText,
} from "../../src/core/erasure.ts";
import type { PersonId } from "../../src/core/ids.ts";
import { isSigned } from "../audit/ed25519.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(100));

export const ReceiptSchema: v.GenericSchema<unknown, ErasureReceipt> = v.strictObject({
  kind: v.literal("rockpool-erasure"),
  version: v.literal(1),
  person_id: v.pipe(
    text,
    v.transform((id) => id as PersonId), // a person's id is text that names nobody but a person
  ),
  requested_at: text,
  finished_at: text,
  conversations: count,
  messages: count,
  files: count,
  identities: count,
  public_key: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  signature: v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/)),
});

export const ErasureStateSchema: v.GenericSchema<unknown, ErasureState> = v.variant("status", [
  v.object({ status: v.literal("none") }),
  v.object({
    status: v.literal("running"),
    step: v.picklist(ERASURE_STEPS),
    attempts: count,
    code: v.exactOptional(v.string()),
  }),
  v.object({ status: v.literal("done"), receipt: ReceiptSchema }),
]);

/** True where it was signed with this key, or with the one it names. */
export function isReceiptSigned(receipt: ErasureReceipt, publicKey: string | undefined): boolean {
  const key = publicKey ?? receipt.public_key;
  return key === receipt.public_key && isSigned(signedReceiptText(receipt), receipt.signature, key);
}
