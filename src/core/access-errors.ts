/** The failures of roles, limits and rates: part of the table in errors.ts. */
import type { ErrorSpec } from "./errors.ts";

export const ACCESS_ERRORS = {
  "permission/denied": {
    status: 403,
    audience: "caller",
    transient: false,
    title: "Your role may not do that.",
    fix: "Ask the owner of this box; docs/permissions.md says what each role may do.",
  },
  "person/is_owner": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "The owner of the box cannot be erased.",
    fix: "Give the person another role first; to erase the box itself, stop it and remove its data folder.",
  },
  "person/last_owner": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "This is the only owner of the box.",
    fix: "Make somebody else an owner first: `npx rockpool person role <person> owner`.",
  },
  "person/not_granted": {
    status: 404,
    audience: "operator",
    transient: false,
    title: "This was not granted to the person.",
    fix: "See what was with `npx rockpool person show <person>`.",
  },
  "person/too_many_grants": {
    status: 409,
    audience: "operator",
    transient: false,
    title: "The person has as many grants of this kind as fit.",
    fix: "Revoke one that is not needed any more.",
  },
  "export/bad_link": {
    status: 410,
    audience: "caller",
    transient: false,
    title: "This link was used already, or has expired.",
    fix: "Send /export again in the conversation that it came from, or begin again in the settings of the web page.",
  },
  "export/too_many": {
    status: 429,
    audience: "caller",
    transient: true,
    title: "You have asked for several copies in a day.",
    fix: "Come back tomorrow, or ask the owner of this box for one.",
  },
  "export/busy": {
    status: 429,
    audience: "caller",
    transient: true,
    title: "A copy is being made at this moment.",
    fix: "Try again when its download is over, or in a minute.",
  },
  "quota/reached": {
    status: 429,
    audience: "person",
    transient: true,
    title: "A limit of this person is reached.",
    fix: "Come back when the answer says; the owner can set another limit with `npx rockpool person limit`.",
  },
  "http/too_slow": {
    status: 408,
    audience: "caller",
    transient: true,
    title: "The body came too slowly.",
    fix: "Send it again over a faster line.",
  },
  "rate/limited": {
    status: 429,
    audience: "caller",
    transient: true,
    title: "These calls come too fast.",
    fix: "Wait as long as the header Retry-After says.",
  },
  "model/not_granted": {
    status: 403,
    audience: "person",
    transient: false,
    title: "The owner of this box has not granted you this model.",
    fix: "Choose one that was granted; the owner sees and changes that with `npx rockpool person`.",
  },
} as const satisfies Record<string, ErrorSpec>;
