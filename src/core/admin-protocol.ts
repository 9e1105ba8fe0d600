/**
 * What the rockpool command and the Worker say to each other over the admin socket: JSON over HTTP, one entry for each
 * route of routes/admin.ts. Type-checks under Node and under workerd.
 */
import type { ApiScope } from "./api-keys.ts";
import type { PersonId } from "./ids.ts";
import type { GrantKind } from "./person-access.ts";
import type { ModelServerState } from "./ports.ts";
import type { QuotaName } from "./quotas.ts";
import type { Role } from "./roles.ts";

export interface AdminStatus {
  version: string;
  publicUrl: string;
  /** Where the model server is looked for. */
  modelUrl: string;
  model: ModelServerState;
  accounts: AccountSummary[];
  people: number;
  pendingPairings: number;
  /** Log rows that have not reached D1 yet. */
  journalBacklog: number;
  /** True where an owner has signed in at least once. */
  ownerKnown: boolean;
}

export interface AccountSummary {
  channel: string;
  name: string;
  access: "pairing" | "allowlist" | "open";
  transport: "webhook" | "poll" | "local";
  apiBase?: string;
  /** Values of fields that are no secrets; of secrets only that they are set. */
  settings: Record<string, string>;
  secretsSet: string[];
  self?: { id: string; name: string };
  webhookPath: string;
  addedAtMs: number;
}

/** POST /accounts. Answers an {@link AccountAdded}. */
export interface AddAccount {
  channel: string;
  name: string;
  access: "pairing" | "allowlist" | "open";
  transport: "webhook" | "poll" | "local";
  apiBase?: string;
  /** All fields of the channel, secrets included. */
  fields: Record<string, string>;
  /** Sender ids that an allow-list begins with. */
  allow: string[];
}

export interface AccountAdded {
  account: AccountSummary;
  /** What the platform was told, one line each. */
  done: string[];
  /** Secrets that were made here and are shown this once. */
  generated: Record<string, string>;
}

/** GET /pairings answers a list of these. */
export interface PendingPairing {
  code: string;
  channel: string;
  account: string;
  senderName: string;
  expiresAtMs: number;
}

/** POST /pairings/:code/approve and /deny answer one of these. */
export interface PairingDecided {
  channel: string;
  account: string;
  senderName: string;
  decision: "approved" | "denied";
}

/** POST /owner-link. The token goes into the fragment of the page's address. */
export interface OwnerLink {
  token: string;
  expiresAtMs: number;
}

/** POST /accounts/:channel/:name/test. */
export interface AccountTest {
  ok: boolean;
  /** One line for each thing tried. */
  done: string[];
  /** What is wrong and what to do. */
  problem?: string;
}

/** GET /flows answers a list of these. */
export interface FlowSummary {
  name: string;
  /** Rises with each change. */
  version: number;
  title: { en: string; zh: string };
  /** Messages that begin it, and words that do in a short one. */
  phrases: string[];
  keywords: string[];
  states: number;
  changedAtMs: number;
}

/** GET /flows/:name. */
export interface FlowShown extends FlowSummary {
  /** As flows/definition-schema.ts describes it. */
  definition: unknown;
}

/** POST /flows takes `{definition}` and answers one of these. */
export interface FlowAdded {
  flow: FlowSummary;
  change: "added" | "changed" | "unchanged";
}

/** POST /say streams StreamEvents (core/stream.ts) as server-sent events until the turn's end. */
export interface Say {
  text: string;
}

/** POST /api-keys. Answers an {@link ApiKeyCreated}. */
export interface CreateApiKey {
  name: string;
  scopes: ApiScope[];
  /** Id or name of a person; the owner where it is left out. */
  person?: string;
  /** Answers the key's chats, whichever one they name. */
  model?: string;
  /** How long answers to the same chat are kept; see {@link MAX_CACHE_ANSWERS_MS}. */
  cacheAnswersMs?: number;
  expiresAtMs?: number;
}

/** GET /api-keys answers a list of these. */
export interface ApiKeySummary {
  name: string;
  /** The key's first letters, to tell it from others. */
  start: string;
  person: string;
  scopes: ApiScope[];
  model?: string;
  cacheAnswersMs?: number;
  createdAtMs: number;
  expiresAtMs?: number;
  /** In UTC, for example `2026-11-21`. */
  lastUsedDay?: string;
}

export interface ApiKeyCreated {
  /** Shown this once. */
  key: string;
  apiKey: ApiKeySummary;
}

/** GET /people answers a list of these, the oldest first; GET /people/:person one. */
export interface PersonSummary {
  id: PersonId;
  role: Role;
  name: string;
  lang: "en" | "zh";
  /** Where the person writes from: `telegram:main`. */
  accounts: string[];
  /** What was granted; empty where all is allowed. */
  channels: string[];
  models: string[];
  /** Where they differ from the role's. Null: no limit. */
  limits: Readonly<Partial<Record<QuotaName, number | null>>>;
  createdAtMs: number;
}

/** POST /people/:person. Answers a {@link PersonSummary}. */
export type PersonChange =
  | { what: "role"; role: Role }
  | { what: "grant"; kind: GrantKind; value: string }
  | { what: "revoke"; kind: GrantKind; value: string }
  /** Without a value: what the role gives. */
  | { what: "limit"; name: QuotaName; value?: number | null };

/** POST /host, at each start, every ten minutes, and when memory runs short or is back. Answers `{heard: true}`. */
export interface HostReport {
  isStart: boolean;
  /** Set while too little memory is free. */
  freePercent?: number;
  checks?: HostChecks;
}

/** What the host's daily work came to, the newest of each kind. */
export interface HostChecks {
  integrity?: { checkedAtMs: number; databases: number; broken: number };
  /** Into the store: when it was tried last, when it last succeeded, and why not, where the last try failed. */
  backup?: { triedAtMs: number; succeededAtMs?: number; failureCode?: string };
  /** The newest restore: when, and of when what was put in place is. */
  restored?: { restoredAtMs: number; createdAtMs: number };
}

/** Every error of the admin and the public API: RFC 9457, as application/problem+json. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  /** Id of the request, as it stands in the log. */
  instance: string;
  /** What to do. */
  fix: string;
  errors?: { path: string; message: string }[];
}

/** The keys of the box. */
export interface KeyStatus {
  dataKeys: number;
  /** Of these, those a year old and more: new seals need none of them. */
  oldDataKeys: number;
  newestAtMs: number;
  personKeys: number;
  destroyed: number;
  /** Fingerprint of the master key, where it was changed once. */
  masterId?: string;
  /** Messages in the log, and those of them under an old form of envelope or an old data key. */
  messages: number;
  oldMessages: number;
}
