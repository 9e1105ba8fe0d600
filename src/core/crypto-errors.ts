/** Known failures of sealed values and their keys: a part of the table in errors.ts. */
import type { ErrorSpec } from "./errors.ts";

export const CRYPTO_ERRORS = {
  "crypto/erased": {
    status: 410,
    audience: "person",
    transient: false,
    title: "This was erased, with the key that opened it.",
    fix: "Nothing brings it back.",
  },
  "crypto/wrong_master": {
    status: 400,
    audience: "operator",
    transient: false,
    title: "The new master key is not wrapped by the present one.",
    fix: "Run `npx rockpool key rotate --master` with the key that the server was started with.",
  },
  "crypto/cannot_open": {
    status: 500,
    audience: "operator",
    transient: false,
    title: "Something stored cannot be opened with this master key.",
    fix: "Put the right master.key into the data folder.",
  },
} as const satisfies Record<string, ErrorSpec>;
