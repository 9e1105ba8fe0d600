/** What a session's stages share: its tables, its readers, its model. Opened once in the life of an object. */
import type { PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import type { Model } from "../../core/ports.ts";
import type { QueuePlace, TurnState } from "../../core/stream.ts";
import type { Env } from "../../env.ts";
import type { Keyring, Owner } from "../../security/keyring.ts";
import type { UsageTally } from "../../turn/spent-tokens.ts";
import { countTokens } from "../../turn/token-rate.ts";
import { Outbox } from "../delivery/outbox.ts";
import { openKeyring, openOptions } from "../isolate.ts";
import { JournalRows, type MessageLog } from "../journal/journal-rows.ts";
import { openCountedModel } from "../turn/counted-model.ts";
import { Dialogues } from "./dialogues.ts";
import { Digests } from "./digests.ts";
import { Files } from "./files.ts";
import { Handovers } from "./handovers.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import type { Meta } from "./meta.ts";
import { Notices } from "./notices.ts";
import { PastTurns } from "./past-turns.ts";
import { Pins } from "./pins.ts";
import { Readers } from "./readers.ts";
import { ReminderRows } from "./reminders.ts";
import { Summaries } from "./summaries.ts";
import { createTokenRates, type TokenRates } from "./token-rates.ts";

/** The turn that is running now. Its row in the inbox outlives it; this does not. */
export interface RunningTurn {
  seq: number;
  turnId: TurnId;
  text: string;
  state: TurnState;
  /** Set while it waits in line for the model server. */
  place?: QueuePlace | undefined;
  /** What is shown of it before it says anything: how far a document is read. */
  progress?: string;
  controller: AbortController;
  /** What its calls of the model have cost, once it makes any. */
  tally?: UsageTally;
}

/** The summary that is to be made. After a crash the next answer plans it anew. */
export interface SummaryWork {
  dueAtMs: number | undefined;
  /** None begins earlier after a failure. */
  notBeforeMs: number;
  failures: number;
  /** Of the space, for the tools that were offered last. */
  reservedTokens: number;
  /** Who spoke last: for whom it is made. */
  personId?: PersonId;
  /** Whose keys seal it. */
  owner?: Owner;
  /** Of the one that is being made. */
  controller?: AbortController | undefined;
}

/** The part of a document that is being read, for those who want it to wait. */
export interface DigestWork {
  controller?: AbortController | undefined;
  /** How often the part was left for a message, and how often the model failed on it. */
  givenWay: number;
  failures: number;
}

export interface SessionParts {
  key: SessionKey;
  env: Env;
  sql: SqlStorage;
  keyring: Keyring;
  meta: Meta;
  inbox: Inbox;
  outbox: Outbox;
  history: History;
  past: PastTurns;
  pins: Pins;
  summaries: Summaries;
  files: Files;
  reminders: ReminderRows;
  dialogues: Dialogues;
  handovers: Handovers;
  digests: Digests;
  notices: Notices;
  journal: JournalRows;
  readers: Readers;
  model: Model;
  tokenRates: TokenRates;
  defaultModel: string;
  summaryWork: SummaryWork;
  digestWork: DigestWork;
  running: RunningTurn | undefined;
  /** The message of a dialogue that is being answered. */
  stepping: RunningTurn | undefined;
  /** The message whose documents are being read. */
  digesting: RunningTurn | undefined;
  nowMs(): number;
  /** One transaction. Where it fails, what this object remembers of its tables is read anew. */
  commit<Result>(work: () => Result): Result;
  /** Settles when everything written so far is on disk. */
  stored(): Promise<void>;
}

export async function openSessionParts(
  env: Env,
  storage: DurableObjectStorage,
  meta: Meta,
  key: SessionKey,
): Promise<SessionParts> {
  const keyring = await openKeyring(env);
  const tables = openTables(storage.sql, keyring, meta, key);
  const tokenRates = createTokenRates(meta, key);
  return {
    key,
    env,
    sql: storage.sql,
    keyring,
    meta,
    ...tables,
    files: new Files(storage, keyring, key),
    digests: new Digests(storage.sql, keyring, key),
    readers: new Readers(key),
    model: countTokens(openCountedModel(env), tokenRates.note),
    tokenRates,
    defaultModel: openOptions(env).ROCKPOOL_MODEL,
    summaryWork: { dueAtMs: undefined, notBeforeMs: 0, failures: 0, reservedTokens: 0 },
    digestWork: { givenWay: 0, failures: 0 },
    running: undefined,
    stepping: undefined,
    digesting: undefined,
    nowMs: () => Date.now(),
    stored: () => storage.sync(),
    commit: commitTo(storage, [meta, ...Object.values(tables)]),
  };
}

/** Those that remember some of what they hold. */
function openTables(sql: SqlStorage, keyring: Keyring, meta: Meta, key: SessionKey) {
  const history = new History(sql, keyring, key);
  const messageLog: MessageLog = {
    newestSeq: () => history.newestSeq(),
    entriesAfter: (seq, limit, maxUnits) => history.entriesAfter(seq, limit, maxUnits),
    flushedSeq: () => meta.get("loggedSeq") ?? 0,
    keepFlushedSeq: (seq) => meta.set("loggedSeq", seq),
  };
  return {
    inbox: new Inbox(sql),
    outbox: new Outbox(sql, keyring, key),
    history,
    past: new PastTurns(sql, history),
    journal: new JournalRows(sql, messageLog),
    pins: new Pins(sql, keyring, key),
    summaries: new Summaries(sql, keyring, key),
    reminders: new ReminderRows(sql, keyring, key),
    dialogues: new Dialogues(sql, keyring, key),
    handovers: new Handovers(sql, keyring, key),
    notices: new Notices(sql, keyring, key),
  };
}

/** Work in one transaction; where it fails, the tables remember nothing of it. */
function commitTo(
  storage: DurableObjectStorage,
  tables: readonly { reload(): void }[],
): SessionParts["commit"] {
  return (work) => {
    try {
      return storage.transactionSync(work);
    } catch (error) {
      for (const table of tables) table.reload();
      throw error;
    }
  };
}

/** The work in hand on this row of the inbox, if there is any. */
export function findRunning(
  { running, stepping, digesting }: SessionParts,
  seq: number,
): RunningTurn | undefined {
  return [running, stepping, digesting].find((work) => work?.seq === seq);
}
