/**
 * One row of the inbox in hand. Answering it is the work of work-turn.ts and work-command.ts; what keeps a row from
 * blocking its lane for ever is here.
 */
import { decidePostpone } from "../../turn/postpone.ts";
import type { InboxRow } from "./inbox.ts";
import type { RunningTurn, SessionParts } from "./session-parts.ts";
import { openEvent, type StoredEvent } from "./stored-event.ts";

export interface Work extends StoredEvent {
  parts: SessionParts;
  row: InboxRow;
  startedAtMs: number;
  /** Set for a turn. Its controller fires when the row is taken back: stopped, edited or forgotten. */
  running?: RunningTurn;
}

type Answer = (work: Work) => Promise<void>;

/** Answers the oldest command, if there is one. Throws what its work throws. */
export async function workNextCommand(parts: SessionParts, answer: Answer): Promise<void> {
  const row = parts.inbox.head("command");
  if (row) await workRow(parts, row, answer);
}

/** Answers the oldest message for the model, if there is one. Throws what its work throws. */
export async function workNextTurn(parts: SessionParts, answer: Answer): Promise<void> {
  const row = parts.inbox.head("turn");
  if (row) await workSpoken(parts, "running", row, answer);
}

/** Answers the oldest message for a dialogue, if there is one. Throws what its work throws. */
export async function workNextDialogue(parts: SessionParts, answer: Answer): Promise<void> {
  const row = parts.inbox.head("dialogue");
  if (row) await workSpoken(parts, "stepping", row, answer);
}

/** Reads on in the document of the oldest message that has a long one. Throws what its work throws. */
export async function workNextDigest(parts: SessionParts, answer: Answer): Promise<void> {
  const row = parts.inbox.head("digest");
  if (row) await workSpoken(parts, "digesting", row, answer);
}

/** What a person can take back while it is worked on. */
async function workSpoken(
  parts: SessionParts,
  hand: "running" | "stepping" | "digesting",
  row: InboxRow,
  answer: Answer,
): Promise<void> {
  const { seq, turnId } = row;
  const controller = new AbortController();
  // Known before the event is opened: what is taken back from now on is noticed.
  const running: RunningTurn = { seq, turnId, text: "", state: "thinking", controller };
  parts[hand] = running;
  try {
    await workRow(parts, row, (work) => answer({ ...work, running }));
  } finally {
    parts[hand] = undefined;
  }
}

/**
 * A row that throws (keys or tables that cannot be reached) is tried again later, and let go after a day like one whose
 * model stays away.
 */
async function workRow(parts: SessionParts, row: InboxRow, answer: Answer): Promise<void> {
  const startedAtMs = parts.nowMs();
  try {
    const event = await openEvent(parts, row.turnId);
    if (event) await answer({ parts, row, startedAtMs, ...event });
    else letGo(parts, row); // a /forget erased it
  } catch (error) {
    const { acceptedAtMs, attempts } = row;
    const decided = decidePostpone(acceptedAtMs, attempts + 1, parts.nowMs(), undefined);
    if (decided.status === "wait") parts.inbox.postpone(row.seq, decided.nextAtMs);
    else letGo(parts, row);
    throw error;
  }
}

function letGo(parts: SessionParts, row: InboxRow): void {
  parts.inbox.finish(row.seq);
  parts.readers.end(row.turnId, undefined);
}
