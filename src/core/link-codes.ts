/** The bounds of codes that join two conversations. */

/** Codes that are open at once; the oldest goes first. */
export const MAX_LINK_CODES = 500;
