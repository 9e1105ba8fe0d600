/** What a session's stages share: its tables, its readers, its model. Opened once in the life of an object. */
import type { SessionKey, TurnId } from "../core/ids.ts";
import type { JournalEntry } from "../core/journal.ts";
import type { InboundEvent, MediaRef } from "../core/message.ts";
import type { Model } from "../core/ports.ts";
import type { AcceptRequest } from "../core/session-protocol.ts";
import type { TurnState } from "../core/stream.ts";
import type { Env } from "../env.ts";
import type { Keyring } from "../security/keyring.ts";
import { Files } from "./files.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import { openKeyring, openModel, openOptions } from "./isolate.ts";
import { JournalRows } from "./journal-rows.ts";
import type { Meta } from "./meta.ts";
import { Outbox } from "./outbox.ts";
import { Readers } from "./readers.ts";

/** What is sealed of an inbox row. */
export interface StoredEvent {
  request: AcceptRequest;
  /** Rows that a /stop took out when it was accepted. */
  stoppedRows: number;
}

export type StorableEvent = Exclude<InboundEvent, { kind: "ignored" }>;

/** The turn that is running now. Its row in the inbox outlives it; this does not. */
export interface RunningTurn {
  seq: number;
  turnId: TurnId;
  text: string;
  state: TurnState;
  controller: AbortController;
}

export interface SessionParts {
  key: SessionKey;
  env: Env;
  storage: DurableObjectStorage;
  keyring: Keyring;
  meta: Meta;
  inbox: Inbox;
  outbox: Outbox;
  history: History;
  files: Files;
  journal: JournalRows;
  readers: Readers;
  model: Model;
  defaultModel: string;
  running: RunningTurn | undefined;
  /** Callers that wait for the end of a turn. */
  waiters: Map<TurnId, Set<() => void>>;
  nowMs(): number;
}

interface MessageRow extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  turn_id: string;
  role: string;
  person_id: string;
  channel: string;
  at_ms: number;
  body: ArrayBuffer;
}

function messageEntry(
  sql: SqlStorage,
  sessionId: SessionKey,
  seq: number,
): JournalEntry | undefined {
  const [row] = sql.exec<MessageRow>("SELECT * FROM messages WHERE seq = ?", seq).toArray();
  return (
    row && {
      kind: "message",
      id: row.id,
      sessionId,
      seq,
      role: row.role === "user" ? "user" : "assistant",
      personId: row.person_id,
      channel: row.channel,
      turnId: row.turn_id,
      body: new Uint8Array(row.body).toBase64(),
      atMs: row.at_ms,
    }
  );
}

export async function openSessionParts(
  env: Env,
  storage: DurableObjectStorage,
  meta: Meta,
  key: SessionKey,
): Promise<SessionParts> {
  const keyring = await openKeyring(env);
  const { sql } = storage;
  return {
    key,
    env,
    storage,
    keyring,
    meta,
    inbox: new Inbox(sql),
    outbox: new Outbox(sql, keyring, key),
    history: new History(sql, keyring, key),
    files: new Files(storage, keyring, key),
    journal: new JournalRows(sql, (seq) => messageEntry(sql, key, seq)),
    readers: new Readers(),
    model: openModel(env),
    defaultModel: openOptions(env).ROCKPOOL_MODEL,
    running: undefined,
    waiters: new Map(),
    nowMs: () => Date.now(),
  };
}

/** Media of a message that a reader may know of: ids of the platform stay inside. */
export function publicMedia(media: readonly MediaRef[]): MediaRef[] {
  return media.map(({ id: _id, ...rest }) => rest);
}
