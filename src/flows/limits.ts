/** How large a flow may be, and how long it may wait: every number in one place. */

/** The file as its author writes it. */
export const MAX_FILE_BYTES = 64 * 1024;
export const MAX_STATES = 64;
export const MAX_TEXT_UNITS = 2_000;
export const MAX_TITLE_UNITS = 80;
export const MAX_CHOICES = 20;
export const MAX_BRANCHES = 20;
export const MAX_TRIGGERS = 20;
export const MAX_TRIGGER_UNITS = 80;
/** A message longer than this is searched for no keyword: it is about more than one word of it. */
export const MAX_KEYWORD_MESSAGE_UNITS = 200;
/** Longest answer of a text question. */
export const MAX_ANSWER_UNITS = 2_000;
export const MAX_TRIES = 10;

export const MIN_SILENCE_MS = 10_000;
export const MAX_SILENCE_MS = 7 * 24 * 3_600_000;
export const DEFAULT_SILENCE_MS = 30 * 60_000;
/** Time-outs in a row after which the dialogue is let go, whatever it says of the next one. */
export const MAX_SILENCES = 3;
