/** What can go wrong with signing in and signed-in devices: part of the one table in errors.ts. */

export const SIGN_IN_ERRORS = {
  "sign_in/unknown_device": {
    status: 404,
    audience: "caller",
    transient: false,
    title: "No such device is signed in.",
    fix: "List the signed-in devices again: it may have ended by itself.",
  },
} as const;
