/** Known failures of dialogue flows, and of who was handed over to a person: a part of the table in errors.ts. */
import type { ErrorSpec } from "./errors.ts";

export const FLOW_ERRORS = {
  "flow/bad_definition": {
    status: 400,
    audience: "operator",
    transient: false,
    title: "The flow is not of the expected form.",
    fix: "Mend what the message names; docs/flows.md describes the form.",
  },
  "flow/unknown": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "No such flow.",
    fix: "List the flows with `npx rockpool flow list`.",
  },
  "flow/refused": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "The flow cannot stand beside the others.",
    fix: "Remove or change one of them: see `npx rockpool flow list`.",
  },
  "flow/bad_script": {
    status: 400,
    audience: "operator",
    transient: false,
    title: "The script of expected dialogues is not of the expected form.",
    fix: "Mend what the message names; docs/flows.md describes the form.",
  },
  "handover/unknown": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "Nobody of that number is handed over to a person, or not any more.",
    fix: "List who is with `npx rockpool flow waiting`.",
  },
} as const satisfies Record<string, ErrorSpec>;
