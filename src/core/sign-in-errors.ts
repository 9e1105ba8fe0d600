/** What can go wrong with signing in and signed-in devices: part of the one table in errors.ts. */

export const SIGN_IN_ERRORS = {
  "sign_in/refused": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "The name or the password is wrong.",
    fix: "Try again, or open a new link: `npx rockpool owner-link`, or `npx rockpool sign-in link <person>`.",
  },
  "sign_in/throttled": {
    status: 429,
    audience: "caller",
    transient: true,
    title: "Too many wrong tries.",
    fix: "Wait as long as the answer says, or sign in by a passkey or a link.",
  },
  "sign_in/busy": {
    status: 429,
    audience: "caller",
    transient: true,
    title: "Too many are signing in at this moment.",
    fix: "Try again in a few seconds.",
  },
  "sign_in/stale": {
    status: 403,
    audience: "caller",
    transient: false,
    title: "For this you must have signed in within the last hour.",
    fix: "Sign in again on this device, then change it.",
  },
  "sign_in/bad_password": {
    status: 400,
    audience: "caller",
    transient: false,
    title: "This password or name will not do.",
    fix: "Take several words that only you put together.",
  },
  "sign_in/name_taken": {
    status: 409,
    audience: "caller",
    transient: false,
    title: "Somebody else signs in with this name.",
    fix: "Choose another name.",
  },
  "sign_in/passkey_refused": {
    status: 401,
    audience: "caller",
    transient: false,
    title: "This passkey does not open this box.",
    fix: "Try again, or sign in by another way and add a passkey anew.",
  },
  "sign_in/too_many_passkeys": {
    status: 409,
    audience: "caller",
    transient: false,
    title: "There are too many passkeys already.",
    fix: "Remove one that you do not use any more.",
  },
  "sign_in/unknown_passkey": {
    status: 404,
    audience: "caller",
    transient: false,
    title: "No such passkey.",
    fix: "List the passkeys again: it may have been removed.",
  },
  "sign_in/unknown_device": {
    status: 404,
    audience: "caller",
    transient: false,
    title: "No such device is signed in.",
    fix: "List the signed-in devices again: it may have ended by itself.",
  },
} as const;
