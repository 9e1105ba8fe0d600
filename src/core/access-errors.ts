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
} as const satisfies Record<string, ErrorSpec>;
