/** What a session's alarm works on, each lane on its own: commands, dialogues, turns, summaries, long documents, what is to be sent, log rows. */
import { AppError, errorCode } from "../../core/errors.ts";
import { emit } from "../../observability/emit.ts";
import { describeError } from "../../observability/redact.ts";
import { deliverDue } from "../delivery/deliver.ts";
import { findRoute } from "../delivery/routes-out.ts";
import { sendNextNotice } from "../delivery/send-notice.ts";
import { limitTime } from "../time-limit.ts";
import { workCommand } from "../turn/work-command.ts";
import { workDialogue } from "../turn/work-dialogue.ts";
import { digestDueAtMs, workDigest } from "../turn/work-digest.ts";
import { workHandover } from "../turn/work-handover.ts";
import { workSilence } from "../turn/work-silence.ts";
import { summaryDueAtMs, workSummary } from "../turn/work-summary.ts";
import { workTurn } from "../turn/work-turn.ts";
import { remindNext } from "./remind.ts";
import type { SessionParts } from "./session-parts.ts";
import { workNextCommand, workNextDialogue, workNextDigest, workNextTurn } from "./work-head.ts";
import { type WorkLane, WorkLoop } from "./work-loop.ts";
import { resealDueAtMs, workReseal } from "./work-reseal.ts";

/** How long log rows wait for more of their session; the journal gathers those of all sessions after that. */
const GATHER_MS = 1_500;
/** For D1 to take a batch. Rows that it took after all are written again, which changes nothing. */
const FLUSH_TIMEOUT_MS = 30_000;

export function createSessionLoop(parts: SessionParts): WorkLoop {
  const { inbox, outbox, nowMs } = parts;
  const deliverDeps = {
    session: parts.key,
    outbox,
    nowMs,
    route: findRoute.bind(undefined, parts.env),
    stored: () => parts.stored(),
  };
  return new WorkLoop({
    nowMs,
    failed: (lane, error) =>
      emit({
        type: "fault",
        where: `session:${lane}`,
        code: errorCode(error),
        cause: describeError(error),
      }),
    lanes: [
      {
        name: "command",
        isLong: false,
        dueAtMs: () => inbox.head("command")?.nextAtMs,
        run: () => workNextCommand(parts, workCommand),
      },
      dialogueLane(parts),
      {
        name: "turn",
        isLong: true,
        dueAtMs: () => inbox.head("turn")?.nextAtMs,
        run: () => workNextTurn(parts, workTurn),
      },
      {
        name: "summary",
        isLong: true,
        dueAtMs: () => summaryDueAtMs(parts),
        run: () => workSummary(parts),
      },
      {
        name: "digest",
        isLong: true,
        dueAtMs: () => digestDueAtMs(parts),
        run: () => workNextDigest(parts, workDigest),
      },
      {
        name: "deliver",
        isLong: false,
        dueAtMs: () => outbox.dueAtMs(nowMs()),
        run: () => deliverDue(deliverDeps),
      },
      {
        name: "remind",
        isLong: false,
        dueAtMs: () => parts.reminders.next()?.nextAtMs,
        run: () => remindNext(parts),
      },
      handoverLane(parts),
      noticeLane(parts),
      resealLane(parts),
      journalLane(parts),
    ],
  });
}

/** Messages and silence in one lane, so that a dialogue takes one step at a time; who has written is not silent. */
function dialogueLane(parts: SessionParts): WorkLane {
  const { inbox, dialogues } = parts;
  const isSpoken = () => inbox.queued("dialogue") > 0;
  return {
    name: "dialogue",
    isLong: false,
    dueAtMs: () => (isSpoken() ? inbox.head("dialogue")?.nextAtMs : dialogues.dueAtMs()),
    run: () => (isSpoken() ? workNextDialogue(parts, workDialogue) : workSilence(parts)),
  };
}

function handoverLane(parts: SessionParts): WorkLane {
  return {
    name: "handover",
    isLong: false,
    dueAtMs: () => parts.handovers.dueAtMs(),
    run: () => workHandover(parts),
  };
}

function noticeLane(parts: SessionParts): WorkLane {
  return {
    name: "notice",
    isLong: false,
    dueAtMs: () => parts.notices.next()?.nextAtMs,
    run: () => sendNextNotice(parts),
  };
}

function resealLane(parts: SessionParts): WorkLane {
  return {
    name: "reseal",
    isLong: false,
    dueAtMs: () => resealDueAtMs(parts),
    run: () => workReseal(parts),
  };
}

function journalLane({ journal, env }: SessionParts): WorkLane {
  const journalObject = env.JOURNAL.getByName("journal");
  return {
    name: "journal",
    isLong: false,
    dueAtMs: () => (journal.isEmpty ? undefined : 0),
    async run() {
      await scheduler.wait(GATHER_MS);
      await journal.flush((entries) =>
        limitTime(journalObject.append(entries), FLUSH_TIMEOUT_MS, () => {
          return new AppError("session/unavailable", { detail: "D1 did not answer in time." });
        }),
      );
    },
  };
}
