/**
 * How much one person may have of the box: the names of the limits, what each role gets, and how other values are
 * written. Pure.
 */
import { ROLES, type Role } from "./roles.ts";

/** With what each counts. Days are those of the box's time zone; minutes slide. */
export const QUOTAS = {
  messages_minute: "messages within a minute",
  messages_day: "messages in a day",
  tokens_day: "tokens of the model in a day, those of prompts, summaries and documents among them",
  files_day: "files in a day",
  file_bytes_day: "bytes of files in a day",
  conversations_day: "new conversations in a day",
} as const satisfies Record<string, string>;

export type QuotaName = keyof typeof QUOTAS;

export const QUOTA_NAMES = Object.keys(QUOTAS) as QuotaName[]; // Object.keys widens the table's keys to string

/** Null: no limit. */
export type Quotas = Readonly<Record<QuotaName, number | null>>;

export type RoleQuotas = Readonly<Record<Role, Quotas>>;

/** Largest number that is kept of each message of the last minute. */
export const MAX_MESSAGES_MINUTE = 1_000;
/** Largest limit that is taken. */
export const MAX_QUOTA = 1_000_000_000_000;

const MB = 1024 * 1024;

const UNLIMITED: Quotas = {
  messages_minute: null,
  messages_day: null,
  tokens_day: null,
  files_day: null,
  file_bytes_day: null,
  conversations_day: null,
};

const KNOWN: Quotas = {
  messages_minute: 20,
  messages_day: 1_000,
  tokens_day: 3_000_000,
  files_day: 200,
  file_bytes_day: 1_000 * MB,
  conversations_day: 100,
};

const RUNNER: Quotas = {
  messages_minute: 60,
  messages_day: 5_000,
  tokens_day: 20_000_000,
  files_day: 1_000,
  file_bytes_day: 4_000 * MB,
  conversations_day: 500,
};

/** What a role gets where neither the option ROCKPOOL_QUOTAS nor `rockpool person limit` says otherwise. */
export const DEFAULT_QUOTAS: RoleQuotas = {
  owner: UNLIMITED,
  admin: RUNNER,
  operator: RUNNER,
  auditor: KNOWN,
  member: KNOWN,
  guest: {
    messages_minute: 5,
    messages_day: 100,
    tokens_day: 300_000,
    files_day: 10,
    file_bytes_day: 50 * MB,
    conversations_day: 5,
  },
};

export function isQuotaName(text: string): text is QuotaName {
  return Object.hasOwn(QUOTAS, text);
}

/** A whole number, or `none`. Undefined for anything else. */
export function parseQuota(name: QuotaName, text: string): number | null | undefined {
  if (text === "none") return null;
  const value = Number(text);
  const max = name === "messages_minute" ? MAX_MESSAGES_MINUTE : MAX_QUOTA;
  return /^\d{1,13}$/.test(text) && value <= max ? value : undefined;
}

/**
 * `guest.messages_day=50, member.tokens_day=none`: what differs from the defaults. Throws an Error that says what is
 * expected.
 */
export function parseRoleQuotas(text: string): RoleQuotas {
  const changed = new Map<Role, Partial<Record<QuotaName, number | null>>>();
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part === "") continue;
    const { role, name, value } = parseAssignment(part);
    changed.set(role, { ...changed.get(role), [name]: value });
  }
  const entries = ROLES.map((role) => [role, { ...DEFAULT_QUOTAS[role], ...changed.get(role) }]);
  return Object.fromEntries(entries) as RoleQuotas; // one entry for each role
}

function parseAssignment(part: string): { role: Role; name: QuotaName; value: number | null } {
  const [, roleText = "", name = "", text = ""] = /^(\w+)\.(\w+)\s*=\s*(\w+)$/.exec(part) ?? [];
  const role = ROLES.find((known) => known === roleText);
  if (role === undefined || !isQuotaName(name))
    throw new Error(
      `\`role.limit=number\` with commas between is expected; the limits are ${QUOTA_NAMES.join(", ")}`,
    );
  const value = parseQuota(name, text);
  if (value === undefined) throw new Error(`${name} takes a whole number, or none`);
  return { role, name, value };
}
