/** What a session's stages share: its tables, its readers, its model. Opened once in the life of an object. */
import type { SessionKey, TurnId } from "../core/ids.ts";
import type { MediaRef } from "../core/message.ts";
import type { Model } from "../core/ports.ts";
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

export async function openSessionParts(
  env: Env,
  storage: DurableObjectStorage,
  meta: Meta,
  key: SessionKey,
): Promise<SessionParts> {
  const keyring = await openKeyring(env);
  const { sql } = storage;
  const history = new History(sql, keyring, key);
  const messageLog = {
    newestSeq: () => history.newestSeq(),
    entriesAfter: (seq: number, limit: number) => history.entriesAfter(seq, limit),
    flushedSeq: () => meta.get("loggedSeq") ?? 0,
    keepFlushedSeq: (seq: number) => meta.set("loggedSeq", seq),
  };
  return {
    key,
    env,
    storage,
    keyring,
    meta,
    inbox: new Inbox(sql),
    outbox: new Outbox(sql, keyring, key),
    history,
    files: new Files(storage, keyring, key),
    journal: new JournalRows(sql, messageLog),
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
