/**
 * The channels that `rockpool channel add` knows and what each asks for. Pure data, without any adapter's code: the
 * command line reads it on a host that never loads an adapter.
 */
import type { Field, Transport } from "./adapter.ts";
import { TELEGRAM_API_ROOT, telegramFields } from "./telegram/fields.ts";
import { WEBHOOK_DOC, WEBHOOK_TRANSPORTS, webhookFields } from "./webhook/fields.ts";

export interface CatalogueEntry {
  channel: string;
  /** One sentence for --help. */
  doc: string;
  fields: readonly Field[];
  transports: readonly Transport[];
  /** Origin of its platform's API, unless an account names another one. */
  origin?: string;
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    channel: "telegram",
    doc: "A Telegram bot, by webhook or by polling.",
    fields: telegramFields,
    transports: ["webhook", "poll"],
    origin: TELEGRAM_API_ROOT,
  },
  {
    channel: "webhook",
    doc: WEBHOOK_DOC,
    fields: webhookFields,
    transports: WEBHOOK_TRANSPORTS,
  },
];
