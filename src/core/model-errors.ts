/** Known failures of model servers: a part of the table in errors.ts. */
import type { ErrorSpec } from "./errors.ts";

export const MODEL_ERRORS = {
  "model/unavailable": {
    status: 502,
    audience: "person",
    transient: true,
    title: "The model server cannot be reached.",
    fix: "Start it, or name another one in ROCKPOOL_MODEL_URL or ROCKPOOL_MODEL_SERVERS.",
  },
  "model/busy": {
    status: 503,
    audience: "person",
    transient: true,
    title: "The model server is busy.",
    fix: "Nothing: it is tried again.",
  },
  "model/queue_full": {
    status: 429,
    audience: "person",
    transient: true,
    title: "Too many wait for the model server already.",
    fix: "Try again later; ROCKPOOL_MODEL_SLOTS is how many it answers at once.",
  },
  "model/out_of_memory": {
    status: 502,
    audience: "person",
    transient: true,
    title: "The model server has too little memory for this model.",
    fix: "Choose a smaller model with /model.",
  },
  "model/missing": {
    status: 404,
    audience: "person",
    transient: true,
    title: "The model is not installed.",
    fix: "Install it (`ollama pull <name>`), or choose another with /model.",
  },
  "model/timeout": {
    status: 504,
    audience: "person",
    transient: true,
    title: "The model took too long.",
    fix: "Try again, or choose a smaller model with /model.",
  },
  "model/broken_stream": {
    status: 502,
    audience: "person",
    transient: true,
    title: "The model's answer broke off.",
    fix: "Try again.",
  },
  "model/rejected": {
    status: 502,
    audience: "person",
    transient: false,
    title: "The model server refused the request.",
    fix: "See the cause in `npx rockpool logs`.",
  },
  "model/unauthorized": {
    status: 502,
    audience: "operator",
    transient: false,
    title: "The model server does not take this box's key.",
    fix: "Put the right key into model-keys/<server> of the data folder, then start again.",
  },
  "model/remote_refused": {
    status: 502,
    audience: "operator",
    transient: false,
    title: "The model would run on somebody else's machine.",
    fix: "Choose a model that runs on this box.",
  },
  "model/too_long": {
    status: 400,
    audience: "caller",
    transient: false,
    title: "The chat is longer than the model's context.",
    fix: "Send less of it, or set ROCKPOOL_CONTEXT_TOKENS to more where the model and the memory allow it.",
  },
  "model/unsupported": {
    status: 400,
    audience: "caller",
    transient: false,
    title: "The model cannot do what is asked.",
    fix: "Choose a model that can: `ollama show <name>` lists what each one is capable of.",
  },
} as const satisfies Record<string, ErrorSpec>;
