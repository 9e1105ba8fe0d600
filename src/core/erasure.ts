/** The erasure of a person: how far it is, and the signed receipt of its end. Type-checks under Node and under workerd. */
import type { PersonId } from "./ids.ts";

/** In this order. Each may run again and changes nothing then. */
export const ERASURE_STEPS = [
  "close",
  "find",
  "conversations",
  "log",
  "settle",
  "audit",
  "keys",
  "receipt",
] as const;

export type ErasureStep = (typeof ERASURE_STEPS)[number];

export interface ErasureCounts {
  conversations: number;
  messages: number;
  files: number;
  /** Accounts of messengers, with the person's name there. */
  identities: number;
}

export interface ErasureReceipt extends ErasureCounts {
  kind: "rockpool-erasure";
  version: 1;
  /** A random id, which nothing on the box knows any more. */
  person_id: PersonId;
  requested_at: string;
  finished_at: string;
  public_key: string;
  signature: string;
}

export type ErasureState =
  | { status: "none" }
  | { status: "running"; step: ErasureStep; attempts: number; code?: string }
  | { status: "done"; receipt: ErasureReceipt };

const DOMAIN = "rockpool erasure receipt 1\n";

export function signedReceiptText(receipt: Omit<ErasureReceipt, "signature">): string {
  const { person_id, requested_at, finished_at, public_key } = receipt;
  const { conversations, messages, files, identities } = receipt;
  const content = { person_id, requested_at, finished_at, public_key };
  return `${DOMAIN}${JSON.stringify({ ...content, conversations, messages, files, identities })}`;
}
