/**
 * What the runtime hands the Worker. wrangler.toml names the first block; the host's config generator adds the second,
 * which only a box has. Under `wrangler dev` and in tests the optional ones are absent and plain values stand in.
 */
import type { MemoryCache } from "./cache/process-cache.ts";
import type { AuditObject } from "./do/audit/audit.ts";
import type { CredentialsObject } from "./do/credentials/credentials.ts";
import type { DirectoryObject } from "./do/directory/directory.ts";
import type { GateObject } from "./do/gate/gate.ts";
import type { ConnectionObject } from "./do/intake/connection.ts";
import type { JournalObject } from "./do/journal/journal.ts";
import type { ErasureObject } from "./do/person-data/erasure.ts";
import type { QuotaObject } from "./do/quota/quota.ts";
import type { SessionObject } from "./do/session/session.ts";
import type { VaultObject } from "./do/vault/vault.ts";

export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  DIRECTORY: DurableObjectNamespace<DirectoryObject>;
  CREDENTIALS: DurableObjectNamespace<CredentialsObject>;
  JOURNAL: DurableObjectNamespace<JournalObject>;
  GATE: DurableObjectNamespace<GateObject>;
  CONNECTION: DurableObjectNamespace<ConnectionObject>;
  QUOTA: DurableObjectNamespace<QuotaObject>;
  AUDIT: DurableObjectNamespace<AuditObject>;
  VAULT: DurableObjectNamespace<VaultObject>;
  ERASURE: DurableObjectNamespace<ErasureObject>;
  DB: D1Database;
  /** The built console. */
  ASSETS: Fetcher;

  /** AES-KW, not extractable; wraps the data keys. Hexadecimal text under `wrangler dev`. */
  MASTER_KEY: CryptoKey | string;
  /** The one that takes its place, while it does. */
  MASTER_KEY_NEXT?: CryptoKey | string;
  /** HMAC-SHA-256, not extractable; vouches for what the box itself has said. Hexadecimal text under `wrangler dev`. */
  BOX_SECRET: CryptoKey | string;
  /** Public addresses only; absent where nothing but what is listed may be reached. */
  INTERNET?: Fetcher;
  /** The model server and nothing else. */
  MODEL?: Fetcher;
  /** The program beside the Worker that opens files of strangers. */
  FILE_READER?: Fetcher;
  /** What many look up at once; bounded by the host's config. */
  CACHE?: MemoryCache;
  /** JSON: origin → name of the binding that reaches it, one for each account's --api-base. */
  EGRESS?: string;

  ROCKPOOL_MODEL_URL?: string;
  ROCKPOOL_MODEL?: string;
  ROCKPOOL_CONTEXT_TOKENS?: string;
  ROCKPOOL_MODEL_SLOTS?: string;
  ROCKPOOL_WEB_FETCH?: string;
  ROCKPOOL_REDACT_REMOTE?: string;
  ROCKPOOL_REDACT_STORED?: string;
  /** The owner's own patterns, a line each. */
  REDACT_PATTERNS?: string;
  ROCKPOOL_TIME_ZONE?: string;
  ROCKPOOL_TRANSCRIBE_URL?: string;
  ROCKPOOL_TRANSCRIBE_MODEL?: string;
  /** Absent where the transcription server asks for none. */
  TRANSCRIBE_KEY?: string;
  ROCKPOOL_OIDC_ISSUER?: string;
  ROCKPOOL_OIDC_CLIENT_ID?: string;
  /** Absent for a public client. */
  OIDC_SECRET?: string;
  ROCKPOOL_QUOTAS?: string;
  ROCKPOOL_PUBLIC_URL?: string;
  /** Not empty where metrics, or the API, have a listener of their own. */
  ROCKPOOL_METRICS_LISTEN?: string;
  ROCKPOOL_API_LISTEN?: string;
  ROCKPOOL_EGRESS?: string;
  ROCKPOOL_TRUSTED_PROXIES?: string;
  ROCKPOOL_KEEP_DAYS?: string;
  ROCKPOOL_AUDIT_CHECKPOINTS?: string;
  ROCKPOOL_LOG?: string;
  /** Bytes of memory of the box, for the choice of a model. */
  ROCKPOOL_MEMORY_BYTES?: string;
  ROCKPOOL_VERSION?: string;
}
