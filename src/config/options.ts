/**
 * The one table of options. The host reads them from the environment and from `.env`, hands the Worker those it needs,
 * and docs/configuration.md is made from this table. A parser says what is wrong, never what the value was.
 */

import { parseCheckpointRule } from "../core/checkpoint-rule.ts";
import { parseRoleQuotas } from "../core/quotas.ts";
import { parseRedactionKinds, type RedactionKind } from "../core/redaction.ts";
import { parseTimeZone } from "../core/time-zone.ts";
import { BACKUP_OPTIONS } from "./backup-options.ts";
import { LISTENING_OPTIONS } from "./listening-options.ts";
import { MODEL_OPTIONS } from "./model-options.ts";
import { OIDC_OPTIONS } from "./oidc-options.ts";
import { integerBetween, notEmpty, oneOf, option, publicUrl } from "./option.ts";

function roleQuotas(text: string): string {
  parseRoleQuotas(text);
  return text.trim();
}

function hostName(text: string): string {
  if (!/^[0-9A-Za-z.:_-]+$/.test(text)) throw new Error("a host name or address is expected");
  return text;
}

/** Empty for none. The value is in no message: it may be a secret. */
function matching(pattern: RegExp, what: string): (text: string) => string {
  return (text) => {
    if (text !== "" && !pattern.test(text)) throw new Error(`${what} expected`);
    return text;
  };
}

function timeZone(text: string): string {
  const zone = parseTimeZone(text);
  if (zone === undefined)
    throw new Error("a time zone of the IANA list is expected, such as Europe/Berlin");
  return zone;
}

export const OPTIONS = {
  HOST: option({
    parse: hostName,
    default: "127.0.0.1",
    worker: false,
    doc: "Address that the server listens on. The default answers this machine only, at the same port of `[::1]` too where that is free, so that browsers find it as `http://localhost`, where they take passkeys. Put a reverse proxy in front of it to be reached from outside.",
  }),
  PORT: option({
    parse: integerBetween(0, 65535),
    default: 8787,
    worker: false,
    doc: "Port of the web chat and the webhooks. 0 takes a free one.",
  }),
  ROCKPOOL_DATA: option({
    parse: notEmpty,
    default: "data",
    worker: false,
    doc: "Folder of everything that is kept: chats, logs, the master key. One server for one folder.",
  }),
  ROCKPOOL_MASTER_KEY: option({
    parse: matching(/^[0-9a-f]{64}$/i, "64 hexadecimal digits are"),
    default: "",
    worker: false,
    doc: "The master key, 64 hexadecimal digits, in place of the file `master.key`. It reaches the server in memory only. For a box that has data already, move there with `rockpool key rotate --master --to environment`.",
  }),
  ROCKPOOL_PASSPHRASE_FD: option({
    parse: matching(/^\d{1,4}$/, "the number of a file descriptor is"),
    default: "",
    worker: false,
    doc: "Number of an open file descriptor from which the passphrase of the master key is read, where it is made of one and there is no terminal to ask.",
  }),
  ...MODEL_OPTIONS,
  ROCKPOOL_WEB_FETCH: option({
    parse: oneOf("off", "on"),
    default: "off",
    worker: true,
    doc: "`on` lets the model read web pages: https only, public addresses only, and only addresses that somebody wrote into the conversation. The page's server sees this box's address.",
  }),
  ROCKPOOL_REDACT_REMOTE: option({
    parse: parseRedactionKinds,
    default: ["secret", "card", "id"] as readonly RedactionKind[],
    defaultDoc: "secret,card,id",
    worker: true,
    doc: "What is masked in texts before a model server at a public address is sent them: `all`, `none`, or some of secret, card, id, phone, email, own. Servers on this box and in the private network see texts as they are. See docs/operations.md#redaction.",
  }),
  ROCKPOOL_REDACT_STORED: option({
    parse: parseRedactionKinds,
    default: [] as readonly RedactionKind[],
    defaultDoc: "none",
    worker: true,
    doc: "What is masked in messages, transcripts, texts of documents and answers before they are stored, by the same words. What is masked here is kept nowhere: neither the model nor the person sees it again.",
  }),
  ROCKPOOL_TIME_ZONE: option({
    parse: timeZone,
    // Asked for only where it is needed: the tables of time zones take memory.
    get default(): string {
      return new Intl.DateTimeFormat("en-US").resolvedOptions().timeZone;
    },
    defaultDoc: "this machine's",
    worker: true,
    doc: "Time zone of people who have not chosen their own with `/timezone`, such as `Europe/Berlin`.",
  }),
  ROCKPOOL_QUOTAS: option({
    parse: roleQuotas,
    default: "",
    defaultDoc: "docs/permissions.md",
    worker: true,
    doc: "Limits of roles, where they differ from those of docs/permissions.md: `guest.messages_day=50, member.tokens_day=none`. `rockpool person limit` sets one person's.",
  }),
  ROCKPOOL_PUBLIC_URL: option({
    parse: publicUrl,
    default: "",
    defaultDoc: "none",
    worker: true,
    doc: "Address at which the internet reaches this server, for webhooks and links. Without it, channels that can poll do so.",
  }),
  ...LISTENING_OPTIONS,
  ...OIDC_OPTIONS,
  ROCKPOOL_EGRESS: option({
    parse: oneOf("public", "listed"),
    default: "public",
    worker: true,
    doc: "What the server may reach. `public`: the addresses of its options and accounts, and for messengers and web pages public addresses. `listed`: the addresses of its options and accounts and nothing else; names of others are not even looked up. `npx rockpool egress` prints the list.",
  }),
  ...BACKUP_OPTIONS,
  ROCKPOOL_KEEP_DAYS: option({
    parse: integerBetween(0, 36_500),
    default: 0,
    defaultDoc: "for ever",
    worker: true,
    doc: "Days that messages and files of conversations are kept; what is older is erased once a day, and the audit log says how much. Notes and reminders stay. 0 keeps all. The audit log itself is kept for 180 days and the access log for 365.",
  }),
  ROCKPOOL_AUDIT_CHECKPOINTS: option({
    parse: parseCheckpointRule,
    default: "off",
    worker: true,
    doc: "When the owner is sent how the audit log ends, in chat: `daily`, with every so many entries (`500`), or `off`. Such a checkpoint finds a log that was rolled back: `npx rockpool audit verify --checkpoint`.",
  }),
  ROCKPOOL_LOG: option({
    parse: oneOf("debug", "info", "warn", "error"),
    default: "info",
    worker: true,
    doc: "Least serious log line that is written.",
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;
export type Options = { [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]["parse"]> };
