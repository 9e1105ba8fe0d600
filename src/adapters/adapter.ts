/**
 * The contract between Rockpool and a messenger. An adapter keeps no state: it verifies, parses, renders and calls the
 * platform; claims, retries, splitting, streaming and access rules are the core's. The contract suite in
 * test/contract/ holds every adapter to it. docs/adding-a-channel.md walks through one.
 */
import type { AccountKey } from "../core/ids.ts";
import type {
  Conversation,
  InboundEvent,
  MediaRef,
  OutboundPart,
  SentRef,
  Target,
} from "../core/message.ts";

export type Access = "pairing" | "allowlist" | "open";
export type Transport = "webhook" | "poll" | "local";

/** An account as the owner added it, its secrets opened. Never logged, never sent to a browser. */
export interface Account {
  key: AccountKey;
  channel: string;
  name: string;
  access: Access;
  transport: Transport;
  /** Where the platform's API answers, in place of the channel's own address. */
  apiBase?: string;
  /** Values of the channel's fields that are no secrets. */
  settings: Record<string, string>;
  /** Values of the channel's secret fields. */
  secrets: Record<string, string>;
  /** The account's own identity at the platform, found by `setup` (a bot's user name and id). */
  self?: { id: string; name: string };
}

/** One value that `rockpool channel add` asks for. */
export interface Field {
  /** The flag's name without dashes, for example `token`. */
  name: string;
  secret: boolean;
  required: boolean;
  /** One sentence for --help. */
  doc: string;
  /** Makes the value when none is given: a webhook secret, for example. */
  generate?: () => string;
  /** Says what is wrong with a value, or nothing. Never repeats the value. */
  check?: (value: string) => string | undefined;
}

/** A webhook call. */
export interface RawRequest {
  method: string;
  url: URL;
  headers: Headers;
  /** The whole body, capped; once. What the headers prove to be forged is refused without. Throws http/too_large. */
  readBytes(): Promise<Uint8Array>;
}

/** What an adapter may do to the world. `fetch` reaches only what the account's egress rule allows. */
export interface Io {
  fetch: typeof fetch;
  nowMs(): number;
}

export type Verified =
  /** The platform asks whether the address is ours: answer this, do nothing else. */
  { kind: "handshake"; response: Response } | { kind: "payload"; payload: unknown };

export interface Capabilities {
  transports: readonly Transport[];
  maxBodyBytes: number;
  /** Longest text of one message, in UTF-16 units of the Markdown it is rendered from. */
  maxTextUnits: number;
  /** How a running answer is shown, least disturbing first where a platform has several. */
  preview(conversation: Conversation): { how: "draft" | "edit"; everyMs: number } | undefined;
  /** How long the platform shows "typing" after one call. */
  typingMs?: number;
  /** The caller of the webhook may ask for the answer itself: `?wait=1`, or server-sent events. */
  answersCaller?: true;
  /** What happens to a send that a crash cut off before its result was stored. */
  resend: "idempotent" | "may_double";
  /** Largest file the platform hands out or takes. */
  maxFileBytes: number;
}

export interface SetupReport {
  /** Bot name and id, to recognise mentions. */
  self?: { id: string; name: string };
  /** What was done, one line each, for the terminal. */
  done: string[];
}

export interface ChannelAdapter {
  readonly channel: string;
  /** One sentence for `rockpool channel add --help`. */
  readonly doc: string;
  readonly fields: readonly Field[];
  readonly capabilities: Capabilities;

  /** Origins that the account's calls go to, and no others: what its `io.fetch` reaches. */
  origins(account: Account): readonly string[];

  /** Sees raw bytes only. Throws webhook/*; trusts nothing before it has returned. */
  verify(request: RawRequest, account: Account, io: Io): Promise<Verified>;
  /** Pure and total: an unknown payload is `{kind: "ignored"}`, never an exception. */
  parse(payload: unknown, account: Account): InboundEvent[];
  /**
   * Yields payloads as the platform hands them out, for boxes behind NAT. A payload counts as taken only when the next
   * one is asked for, so that one whose handling failed comes again. Ends when `signal` does.
   */
  connect?(account: Account, io: Io, cursor: Cursor, signal: AbortSignal): AsyncIterable<unknown>;

  /** Sends one part. Throws channel/*. */
  send(target: Target, part: OutboundPart, account: Account, io: Io): Promise<SentRef>;
  edit?(target: Target, ref: SentRef, markdown: string, account: Account, io: Io): Promise<void>;
  /** Shows an unfinished answer that the platform forgets by itself; `draftId` is the same for one answer. */
  draft?(
    target: Target,
    draftId: number,
    markdown: string,
    account: Account,
    io: Io,
  ): Promise<void>;
  typing?(target: Target, account: Account, io: Io): Promise<void>;
  upload?(
    target: Target,
    file: { name: string; mime: string; bytes: Uint8Array },
    account: Account,
    io: Io,
  ): Promise<SentRef>;
  /** The file's bytes, as a stream the caller caps. */
  download?(media: MediaRef, account: Account, io: Io): Promise<Response>;
  /**
   * Proves the credentials and registers the webhook, or removes it when polling. `webhookUrl` is undefined where the
   * box has no public address. Throws account/setup_failed, account/bad_settings.
   */
  setup?(account: Account, io: Io, webhookUrl: string | undefined): Promise<SetupReport>;
}

/** Where a polling account stands, kept by the connection object. */
export interface Cursor {
  load(): Promise<string | undefined>;
  save(value: string): Promise<void>;
}
