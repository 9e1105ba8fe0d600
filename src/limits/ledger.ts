/**
 * What each person has had today and within the last minute, counted exactly in memory. Who keeps it durable asks for
 * what has changed; who checks a message reserves its place first, and gives it back where nothing came of it.
 */
import type { PersonId } from "../core/ids.ts";
import type { QuotaName, Quotas } from "../core/quotas.ts";
import type { Day } from "./day.ts";

export const MINUTE_MS = 60_000;
/** More than the people that a box knows: whoever was counted first today goes. */
export const MAX_COUNTED_PEOPLE = 20_000;

/** What is counted by the day. */
export interface Spent {
  messages: number;
  tokens: number;
  files: number;
  fileBytes: number;
  conversations: number;
}

export interface SpentRow extends Spent {
  personId: PersonId;
  day: string;
}

export type Verdict =
  | { status: "free" }
  /** `limit` is reached until then. */
  | { status: "over"; quota: QuotaName; limit: number; untilMs: number };

/** What a person is told once: a limit, of so much, or something else. */
export interface Told {
  what: QuotaName | "notice";
  limit: number;
  untilMs: number;
}

interface Account {
  day: string;
  spent: Spent;
  /** When messages of the last minute came, the oldest first. */
  recentMs: number[];
  /** What was told, and until when it is not told again. */
  told: Map<Told["what"], { limit: number; untilMs: number }>;
}

const NOTHING: Spent = { messages: 0, tokens: 0, files: 0, fileBytes: 0, conversations: 0 };

const FREE: Verdict = { status: "free" };

const DAY_COUNTS: Readonly<Record<Exclude<QuotaName, "messages_minute">, keyof Spent>> = {
  messages_day: "messages",
  tokens_day: "tokens",
  files_day: "files",
  file_bytes_day: "fileBytes",
  conversations_day: "conversations",
};

type DayQuota = keyof typeof DAY_COUNTS;

export class Ledger {
  readonly #dayAt: (atMs: number) => Day;
  readonly #accounts = new Map<PersonId, Account>();
  readonly #changed = new Set<PersonId>();

  constructor(dayAt: (atMs: number) => Day) {
    this.#dayAt = dayAt;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** Counts a message, unless a limit is reached. */
  reserveMessage(personId: PersonId, quotas: Quotas, nowMs: number): Verdict {
    const account = this.#open(personId, nowMs);
    const day = this.#over(account, quotas, ["messages_day", "tokens_day"], nowMs);
    if (day.status === "over") return day;
    const minute = overMinute(account, quotas.messages_minute, nowMs);
    if (minute.status === "over") return minute;
    if (quotas.messages_minute !== null) account.recentMs.push(nowMs);
    account.spent.messages += 1;
    this.#changed.add(personId);
    return FREE;
  }

  /** Gives back the newest place that was reserved: the message was one of before, or could not be stored. */
  releaseMessage(personId: PersonId, nowMs: number): void {
    const account = this.#open(personId, nowMs);
    account.recentMs.pop();
    account.spent.messages = Math.max(0, account.spent.messages - 1);
    this.#changed.add(personId);
  }

  /** Whether there is room for so much more. Counts nothing. */
  check(personId: PersonId, quotas: Quotas, wanted: Partial<Spent>, nowMs: number): Verdict {
    const account = this.#open(personId, nowMs);
    for (const [name, key] of Object.entries(DAY_COUNTS) as [DayQuota, keyof Spent][]) {
      const more = wanted[key];
      const limit = quotas[name];
      if (more === undefined || limit === null || account.spent[key] + more <= limit) continue;
      return { status: "over", quota: name, limit, untilMs: this.#dayAt(nowMs).endsAtMs };
    }
    return FREE;
  }

  spend(personId: PersonId, amounts: Partial<Spent>, nowMs: number): void {
    const { spent } = this.#open(personId, nowMs);
    for (const [key, amount] of Object.entries(amounts) as [keyof Spent, number][])
      spent[key] += amount;
    this.#changed.add(personId);
  }

  /** True once for each limit that is reached, and once a minute at most; one that was changed is another. */
  takeTelling(personId: PersonId, { what, limit, untilMs }: Told, nowMs: number): boolean {
    const { told } = this.#open(personId, nowMs);
    const last = told.get(what);
    if (last && last.limit === limit && nowMs < last.untilMs) return false;
    told.set(what, { limit, untilMs: Math.max(untilMs, nowMs + MINUTE_MS) });
    return true;
  }

  /** What was taken could not be told. */
  giveTellingBack(personId: PersonId, what: Told["what"], nowMs: number): void {
    this.#open(personId, nowMs).told.delete(what);
  }

  /** What was counted before this process began; rows of other days are left aside. */
  load(rows: readonly SpentRow[], nowMs: number): void {
    const { name } = this.#dayAt(nowMs);
    for (const { personId, day, ...spent } of rows) {
      if (day !== name) continue;
      const account = this.#open(personId, nowMs);
      for (const [key, amount] of Object.entries(spent) as [keyof Spent, number][])
        account.spent[key] += amount;
    }
  }

  /** The rows that changed since the last call, at most `limit`; whoever fails to keep them puts them back. */
  takeChanges(limit: number): SpentRow[] {
    const rows: SpentRow[] = [];
    for (const personId of this.#changed) {
      if (rows.length === limit) break;
      this.#changed.delete(personId);
      const account = this.#accounts.get(personId);
      if (account) rows.push({ personId, day: account.day, ...account.spent });
    }
    return rows;
  }

  putBack(rows: readonly SpentRow[]): void {
    for (const { personId } of rows) this.#changed.add(personId);
  }

  #open(personId: PersonId, nowMs: number): Account {
    const day = this.#dayAt(nowMs).name;
    const known = this.#accounts.get(personId);
    if (known?.day === day) return known;
    this.#accounts.delete(personId);
    const account = {
      day,
      spent: { ...NOTHING },
      recentMs: known?.recentMs ?? [],
      told: known?.told ?? new Map(),
    };
    this.#accounts.set(personId, account);
    if (this.#accounts.size > MAX_COUNTED_PEOPLE) {
      const [oldest] = this.#accounts.keys();
      if (oldest !== undefined) this.#accounts.delete(oldest);
    }
    return account;
  }

  #over({ spent }: Account, quotas: Quotas, names: readonly DayQuota[], nowMs: number): Verdict {
    for (const quota of names) {
      const limit = quotas[quota];
      if (limit !== null && spent[DAY_COUNTS[quota]] >= limit)
        return { status: "over", quota, limit, untilMs: this.#dayAt(nowMs).endsAtMs };
    }
    return FREE;
  }
}

/** Times of the future are of a clock that was set back: they count for nothing. */
function overMinute(account: Account, limit: number | null, nowMs: number): Verdict {
  if (limit === null) {
    account.recentMs = [];
    return FREE;
  }
  const isRecent = (atMs: number) => atMs > nowMs - MINUTE_MS && atMs <= nowMs;
  const { recentMs } = account;
  const [first] = recentMs;
  const last = recentMs.at(-1);
  if (first !== undefined && last !== undefined && !(isRecent(first) && isRecent(last)))
    account.recentMs = recentMs.filter(isRecent);
  const times = account.recentMs;
  if (times.length < limit) return FREE;
  const oldest = times[times.length - limit] ?? nowMs;
  return { status: "over", quota: "messages_minute", limit, untilMs: oldest + MINUTE_MS };
}
