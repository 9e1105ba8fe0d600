/**
 * SessionObject: one for each conversation. Wiring only: accepting is in accept.ts, the alarm's work in
 * session-lanes.ts, what readers see in readers.ts.
 */
import { DurableObject } from "cloudflare:workers";
import { MAX_HISTORY_PAGE } from "../../core/chat-protocol.ts";
import { AppError, errorCode } from "../../core/errors.ts";
import type { ExportedPage, ExportedTalk } from "../../core/exported-talk.ts";
import type { DeskAnswer, DeskAnswered } from "../../core/handover.ts";
import type { AccountKey, PersonId, SessionKey, TurnId } from "../../core/ids.ts";
import type { MediaRef } from "../../core/message.ts";
import type {
  AcceptOutcome,
  AcceptRequest,
  HistoryPage,
  Moved,
  NewFile,
  Notice,
  ReplyState,
  SessionCalls,
  Snapshot,
  StoredFile,
  TurnSnapshot,
} from "../../core/session-protocol.ts";
import type { StreamEvent } from "../../core/stream.ts";
import type { Env } from "../../env.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { acceptEvent, claimKey } from "../intake/accept.ts";
import { countPerson, type Erased, erasePerson } from "./erase-person.ts";
import { areClaimsOver, hasClaim } from "./inbox.ts";
import { liveEvent } from "./live-event.ts";
import { Meta } from "./meta.ts";
import { pruneSession } from "./prune-session.ts";
import { describeTalk, readTalk } from "./read-person.ts";
import { findTurn, readReply } from "./read-reply.ts";
import { createSessionLoop } from "./session-lanes.ts";
import { openSessionParts, type SessionParts } from "./session-parts.ts";
import { openSessionSchema } from "./session-schema.ts";
import { takeAnswer } from "./take-answer.ts";
import { takeNotice } from "./take-notice.ts";
import type { WorkLoop } from "./work-loop.ts";

/** A session that cannot even open its tables or keys tries again after this time. */
const REST_MS = 15_000;
/** Messages a reader gets at first, and at most after a break. */
const FIRST_PAGE = 50;
const MAX_BACKLOG = 500;
const MAX_WAIT_MS = 120_000;

export class SessionObject extends DurableObject<Env> implements SessionCalls {
  readonly #meta: Meta;
  #parts: SessionParts | undefined;
  #loop: WorkLoop | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    openSessionSchema(ctx.storage);
    this.#meta = new Meta(ctx.storage.sql);
  }

  #moved(): Moved | undefined {
    const to = this.#meta.get("movedTo");
    return to === undefined
      ? undefined
      : { status: "moved", to, isSettled: areClaimsOver(this.ctx.storage.sql, Date.now()) };
  }

  /** What was accepted here before the conversation moved is answered here, however often it is asked for. */
  #movedFor(key: string): Moved | undefined {
    const moved = this.#moved();
    return moved && !hasClaim(this.ctx.storage.sql, key) ? moved : undefined;
  }

  async #open(): Promise<SessionParts> {
    if (this.#parts) return this.#parts;
    const named = this.ctx.id.name as SessionKey | undefined; // objects are only ever named by a session key
    const key = this.#meta.get("key") ?? named;
    if (key === undefined)
      throw new AppError("session/unavailable", { detail: "The session has no name." });
    if (this.#meta.get("key") === undefined) this.#meta.set("key", key);
    const parts = await openSessionParts(this.env, this.ctx.storage, this.#meta, key);
    this.#parts ??= parts;
    return this.#parts;
  }

  async accept(request: AcceptRequest): Promise<AcceptOutcome | Moved> {
    const moved = this.#movedFor(claimKey(request));
    if (moved) return moved;
    const parts = await this.#open();
    const outcome = await acceptEvent(parts, request);
    if (outcome.status === "accepted") this.#arm();
    return outcome;
  }

  async tell(notice: Notice): Promise<{ status: "told" } | Moved> {
    const moved = this.#moved();
    if (moved) return moved;
    await takeNotice(await this.#open(), notice);
    this.#arm();
    return { status: "told" };
  }

  async answerHandover(answer: DeskAnswer): Promise<DeskAnswered | Moved> {
    const moved = this.#moved();
    if (moved) return moved;
    const answered = await takeAnswer(await this.#open(), answer);
    this.#arm();
    return answered;
  }

  /** In the same synchronous block as the rows that need it, so that both are one commit. */
  #arm(): void {
    if (this.#loop?.isRunning) this.#loop.wake();
    else void this.ctx.storage.setAlarm(Date.now());
  }

  override async alarm(): Promise<void> {
    try {
      const parts = await this.#open();
      this.#loop ??= createSessionLoop(parts);
      await this.#loop.run();
      parts.journal.prune();
      // Asked now and not by the loop: a message accepted since its last look is due at once.
      const nextAtMs = this.#loop.nextAtMs();
      if (nextAtMs !== undefined) await this.ctx.storage.setAlarm(nextAtMs);
    } catch (error) {
      // The runtime gives an alarm up after some failures; what is queued is worth more than that.
      emit({
        type: "fault",
        where: "session:alarm",
        code: errorCode(error),
        cause: describeError(error),
      });
      await this.ctx.storage.setAlarm(Date.now() + REST_MS);
    }
  }

  async snapshot(afterSeq: number | undefined): Promise<Snapshot | Moved> {
    const moved = this.#moved();
    if (moved) return moved;
    const parts = await this.#open();
    const limit = afterSeq === undefined ? FIRST_PAGE : MAX_BACKLOG;
    const live = runningEvent(parts);
    const messages = await parts.history.page(afterSeq ?? 0, Number.MAX_SAFE_INTEGER, limit);
    return { status: "snapshot", messages, ...(live ? { live } : {}) };
  }

  async turn(account: AccountKey, key: string): Promise<TurnSnapshot | Moved> {
    const moved = this.#movedFor(`${account}|${key}`);
    if (moved) return moved;
    const parts = await this.#open();
    const turn = findTurn(parts, `${account}|${key}`);
    if (!turn) throw new AppError("http/not_found");
    const { turnId, isOpen } = turn;
    const live = isOpen ? runningEvent(parts, turnId) : undefined;
    const messages = await parts.history.ofTurn(turnId);
    return { status: "snapshot", turnId, isOpen, messages, ...(live ? { live } : {}) };
  }

  async history(beforeSeq: number | undefined, limit: number): Promise<HistoryPage | Moved> {
    const moved = this.#moved();
    if (moved) return moved;
    const parts = await this.#open();
    const size = Math.min(Math.max(1, limit), MAX_HISTORY_PAGE);
    const messages = await parts.history.page(0, beforeSeq ?? Number.MAX_SAFE_INTEGER, size + 1);
    return { status: "page", messages: messages.slice(-size), more: messages.length > size };
  }

  async reply(account: AccountKey, key: string, timeoutMs: number): Promise<ReplyState | Moved> {
    const claimed = `${account}|${key}`;
    return (
      this.#movedFor(claimed) ??
      readReply(await this.#open(), claimed, Math.min(timeoutMs, MAX_WAIT_MS))
    );
  }

  /** What {@link erasePerson} would take away. Also of a conversation that goes on elsewhere: its past is here. */
  async countPerson(people: readonly PersonId[]): Promise<Erased> {
    return countPerson(await this.#open(), this.ctx.storage.sql, people);
  }

  async describeTalk(people: readonly PersonId[]): Promise<ExportedTalk> {
    return describeTalk(await this.#open(), this.ctx.storage.sql, people);
  }

  async readTalk(
    people: readonly PersonId[],
    from: { afterSeq: number; isShared: boolean },
  ): Promise<ExportedPage> {
    return readTalk(await this.#open(), this.ctx.storage.sql, people, from);
  }

  /** A file of this object, wherever the conversation goes on. Throws file/unknown. */
  async ownFile(fileId: string): Promise<StoredFile> {
    return (await this.#open()).files.read(fileId);
  }

  /** Durable when it returns; running it twice changes nothing. */
  async erasePerson(people: readonly PersonId[]): Promise<{ isEmpty: boolean }> {
    return erasePerson(await this.#open(), this.ctx.storage.sql, people);
  }

  /** What is older goes; how many messages that were. */
  async prune(cutoffMs: number): Promise<number> {
    return pruneSession(await this.#open(), this.ctx.storage.sql, cutoffMs);
  }

  async storeFile(file: NewFile): Promise<MediaRef | Moved> {
    return this.#moved() ?? (await this.#open()).files.keep(file, Date.now());
  }

  async dropFiles(ids: readonly string[]): Promise<{ status: "dropped" } | Moved> {
    const moved = this.#moved();
    if (moved) return moved;
    (await this.#open()).files.drop(ids);
    return { status: "dropped" };
  }

  async model(): Promise<{ status: "model"; name: string } | Moved> {
    const moved = this.#moved();
    if (moved) return moved;
    const { meta, defaultModel } = await this.#open();
    return { status: "model", name: meta.get("model") ?? defaultModel };
  }

  /** Its log has rows under old keys. Also of a conversation that goes on elsewhere: its past is here. */
  async reseal(): Promise<void> {
    await this.#open();
    this.#meta.set("reseal", true);
    this.#arm();
  }

  async openFile(fileId: string): Promise<StoredFile | Moved> {
    return this.#moved() ?? (await this.#open()).files.read(fileId);
  }
}

/** The running turn as a reader who joins now is told of it. */
function runningEvent(parts: SessionParts, turnId?: TurnId): StreamEvent | undefined {
  const { running } = parts;
  if (!running || (turnId !== undefined && running.turnId !== turnId)) return undefined;
  return liveEvent(running);
}
