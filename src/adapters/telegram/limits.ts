/** What Telegram takes at most: https://core.telegram.org/bots/api. */

/** The limit of one message, after the markup is taken out. */
export const MAX_MESSAGE_UNITS = 4096;

/** What a bot may download; uploads are held to the same. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024;
