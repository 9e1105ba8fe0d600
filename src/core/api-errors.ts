/** The failures of the OpenAI-compatible API and of its keys: part of the table in errors.ts. */
import type { ErrorSpec } from "./errors.ts";

export const API_ERRORS = {
  "person/unknown": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "There is no such person, or several are called so.",
    fix: "Give the name or the id of one person.",
  },
  "apikey/exists": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "An API key of this name exists already.",
    fix: "Revoke it first with `npx rockpool apikey revoke <name>`, or choose another name.",
  },
  "apikey/unknown": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "No such API key.",
    fix: "List the keys with `npx rockpool apikey list`.",
  },
  "apikey/too_many": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "This box keeps no more API keys.",
    fix: "Revoke one that nobody uses: `npx rockpool apikey list` says when each was used last.",
  },
  "apikey/invalid": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "The API key is missing, wrong, expired or revoked.",
    fix: "Make a new one with `npx rockpool apikey create`, and send it as `Authorization: Bearer <key>`.",
  },
  "apikey/out_of_scope": {
    status: 403,
    audience: "caller",
    transient: false,
    title: "This API key may not do that.",
    fix: "Make one with the scope that is needed: see `npx rockpool apikey create --help`.",
  },
  "session/answer_pending": {
    status: 503,
    audience: "caller",
    transient: true,
    title: "The message is kept, and answered when the model server is back.",
    fix: "Ask again with the same Idempotency-Key: that joins the message, and gets its answer.",
  },
  "session/turn_failed": {
    status: 502,
    audience: "caller",
    transient: true,
    title: "The message is kept, but could not be answered.",
    fix: "Send it again; the cause stands in `npx rockpool logs`.",
  },
} as const satisfies Record<string, ErrorSpec>;
