/** What a person is told at a limit: which one it is, and when it goes on. Pure. */
import type { QuotaName } from "../../core/quotas.ts";
import { renderPlainTime } from "../../core/time-zone.ts";
import type { Verdict } from "../../limits/ledger.ts";
import { type Lang, phrase } from "../../phrases/phrase.ts";

const PHRASES = {
  messages_minute: "limitMessagesMinute",
  messages_day: "limitMessagesDay",
  tokens_day: "limitTokensDay",
  files_day: "limitFilesDay",
  file_bytes_day: "limitFileBytesDay",
  conversations_day: "limitConversationsDay",
} as const satisfies Record<QuotaName, string>;

const MEGABYTE = 1024 * 1024;

export function describeLimit(
  lang: Lang,
  { quota, limit, untilMs }: Extract<Verdict, { status: "over" }>,
  nowMs: number,
  zone: string,
): string {
  const count = quota === "file_bytes_day" ? Math.floor(limit / MEGABYTE) : limit;
  const what = phrase(lang, PHRASES[quota], { count });
  if (quota === "messages_minute") {
    const seconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1_000));
    return phrase(lang, "limitSeconds", { what, count: seconds });
  }
  return phrase(lang, "limitUntil", { what, time: renderPlainTime(untilMs, zone), zone });
}
