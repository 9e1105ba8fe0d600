/** What `rockpool channel add telegram` asks for, and where the Bot API is. Pure: the command line reads it without loading the adapter. */
import type { Account, Field } from "../adapter.ts";

/** Where the Bot API is, unless the account was added with another address. */
export const TELEGRAM_API_ROOT = "https://api.telegram.org";

/** Without a slash at its end. */
export function apiRoot({ apiBase = TELEGRAM_API_ROOT }: Pick<Account, "apiBase">): string {
  return apiBase.replace(/\/+$/, "");
}

/** Bot id, colon, secret part, as BotFather hands it out. */
const TOKEN_PATTERN = /^\d{1,20}:[A-Za-z0-9_-]{30,128}$/;
/** What `setWebhook` takes as secret_token. */
const SECRET_PATTERN = /^[A-Za-z0-9_-]{1,256}$/;
const GENERATED_SECRET_BYTES = 32;

function generateSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(GENERATED_SECRET_BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export const telegramFields: readonly Field[] = [
  {
    name: "token",
    secret: true,
    required: true,
    doc: "The bot's token, as @BotFather shows it after /newbot.",
    check: (value) =>
      TOKEN_PATTERN.test(value)
        ? undefined
        : "A bot token is a number, a colon and at least 30 letters or digits. Copy it from @BotFather.",
  },
  {
    name: "secret",
    secret: true,
    required: false,
    doc: "What Telegram sends with each webhook call to prove itself; made at random when not given.",
    generate: generateSecret,
    check: (value) =>
      SECRET_PATTERN.test(value)
        ? undefined
        : "A webhook secret is 1 to 256 of the characters A-Z, a-z, 0-9, _ and -.",
  },
];
