/** Answers one command of the inbox: at once, whatever else runs, with or without a model. */
import { auditEvent } from "../../core/audit.ts";
import type { DeskAnswered } from "../../core/handover.ts";
import { type PersonId, parseAccountKey } from "../../core/ids.ts";
import { escapeMarkdown } from "../../flows/escape-markdown.ts";
import { takeRate } from "../../limits/rates.ts";
import { phrase } from "../../phrases/phrase.ts";
import { renderRepeat } from "../../phrases/repeat.ts";
import { isAllowed } from "../../security/permissions.ts";
import { parseWhen } from "../../tools/when.ts";
import { findTimeZone } from "../../tools/zones.ts";
import { type CommandPorts, type LinkOutcome, runCommand } from "../../turn/commands.ts";
import type { PersonPorts } from "../../turn/person-commands.ts";
import type { PinPorts } from "../../turn/pin-commands.ts";
import { type Searched, searchHistory } from "../../turn/search-history.ts";
import { recordAudit } from "../audit/audit-client.ts";
import { followPerson } from "../credentials/credentials-client.ts";
import { forgetDirectory, openDirectory } from "../directory/directory-client.ts";
import { callSession } from "../session/session-client.ts";
import type { SessionParts } from "../session/session-parts.ts";
import { commandOf, conversationOf, targetOf } from "../session/stored-event.ts";
import { userMessageId } from "../session/turn-names.ts";
import type { Work } from "../session/work-head.ts";
import { joinPersonKeys } from "../vault/person-keys.ts";
import { answerExport } from "./answer-export.ts";
import { answerHandover } from "./answer-handover.ts";
import { commitTurn } from "./commit.ts";
import { keepZone, zoneOf } from "./person-memory.ts";
import { remindersOf } from "./person-reminders.ts";
import { reportTurn } from "./report-turn.ts";

/** What a command changes waits for the transaction that marks it as done. */
type Changes = (() => void)[];

export async function workCommand(work: Work): Promise<void> {
  const command = commandOf(work.request.event);
  if (!command) throw new TypeError("A row of the command lane holds no command.");
  const changes: Changes = [];
  const reply = await runCommand(command, portsOf(work, changes));
  const committed = await commitTurn(work, {
    outcome: "command",
    reply,
    aside: true,
    change: () => {
      for (const change of changes) change();
    },
  });
  if (committed.status === "stored") work.parts.readers.end(work.row.turnId, committed.message);
  if (work.parts.meta.get("movedTo") !== undefined) work.parts.readers.letGo();
  reportTurn(work, { outcome: "command" });
}

function portsOf(work: Work, changes: Changes): CommandPorts {
  const { parts, request, takenBack } = work;
  const { speaker } = request;
  return {
    say: (name, values) => phrase(speaker.lang, name, values),
    speaker,
    isAllowed: (permission) => isAllowed(speaker.role, permission),
    channel: parseAccountKey(request.account).channel,
    isDirect: conversationOf(request.event).kind === "direct",
    takenBack,
    isInDialogue: parts.dialogues.has(speaker.personId),
    hasLeftPerson: work.leftPerson ?? false,
    escape: escapeMarkdown,
    modelState: () => parts.model.state(),
    sessionModel: () => parts.meta.get("model") ?? parts.defaultModel,
    setSessionModel: (name) => chooseModel(work, changes, name),
    place: () => parts.running?.place,
    waiting: () => parts.inbox.queued("turn"),
    messageCount: () => parts.history.count(),
    search: (words) => searchHistory(searchedOf(parts), words, speaker.name),
    startAfresh: () =>
      changes.push(() => {
        parts.meta.raise("contextFromSeq", work.seq);
        parts.summaries.forget();
      }),
    pins: pinsOf(work, changes),
    createLink: async () => openDirectory(parts.env).createLinkCode(parts.key, speaker.personId),
    redeemLink: (code) => redeemLink(work, changes, code),
    askExport: () => answerExport(work, (change) => changes.push(change)),
    eraseMe: () => eraseSpeaker(work),
    handovers: async () => openDirectory(parts.env).handovers(),
    answerHandover: (number, text, isLast) => answerFrom(work, { number, text, isLast }),
    ...personPortsOf(work, changes),
  };
}

/** What is said next by who was handed over comes into the conversation that this was written in. */
function answerFrom(
  { parts, row, request }: Work,
  asked: { number: number; text: string; isLast: boolean },
): Promise<DeskAnswered> {
  const { personId } = request.speaker;
  return answerHandover(parts.env, {
    ...asked,
    turnId: row.turnId,
    by: { personId, session: parts.key },
    actor: { userId: personId, ip: null },
  });
}

function personPortsOf(work: Work, changes: Changes): PersonPorts {
  const { parts, request } = work;
  const { personId } = request.speaker;
  const directory = () => openDirectory(parts.env);
  return {
    facts: () => directory().facts(personId),
    forgetFact: (number) => directory().forgetFact(personId, number),
    forgetFacts: () => directory().forgetFacts(personId),
    zone: () => zoneOf(work),
    setZone(zone) {
      changes.push(() => keepZone(work, zone));
      return directory().setZone(personId, zone);
    },
    findZone: findTimeZone,
    readWhen: (text, zone) => parseWhen(text, parts.nowMs(), zone),
    reminders: (zone) => remindersOf(work, zone, changes),
    cancelReminder(number) {
      changes.push(() => parts.reminders.remove(number, personId));
      return parts.reminders.of(personId).some((row) => row.number === number);
    },
    describeRepeat: (repeat) => renderRepeat(repeat, request.speaker.lang),
    nowMs: parts.nowMs,
  };
}

function pinsOf({ parts, row, request }: Work, changes: Changes): PinPorts {
  return {
    all: () => parts.pins.all(),
    async add(pin) {
      const sealed = await parts.pins.seal(pin, request.speaker.personId);
      changes.push(() => {
        // A /forget that came meanwhile has erased the note with its message.
        if (parts.history.has(userMessageId(row.turnId)))
          parts.pins.put(pin.number, sealed, parts.nowMs());
      });
    },
    remove: (number) => changes.push(() => parts.pins.remove(number)),
  };
}

/** The entry of the audit log comes first, under a name that a second run of the command gives it again. */
async function chooseModel(
  { parts, row, request }: Work,
  changes: Changes,
  model: string,
): Promise<boolean> {
  const { personId } = request.speaker;
  if (model !== (parts.meta.get("model") ?? parts.defaultModel)) {
    if (takeRate("model_person", personId, parts.nowMs()) > 0) return false;
    const by = { userId: personId, ip: null };
    const event = auditEvent("model.chosen", by, { for: "chat", model });
    await recordAudit(parts.env, { ...event, id: `model-${row.turnId}` });
  }
  changes.push(() => parts.meta.set("model", model));
  return true;
}

/** Each code that is typed costs a token, the person's and the box's: guessing comes to nothing within a lifetime. */
function isGuessing(personId: PersonId, nowMs: number): boolean {
  return takeRate("link_person", personId, nowMs) > 0 || takeRate("link_box", "", nowMs) > 0;
}

/** Time for the answer to this command to be sent: it is erased with all the rest. */
const ERASE_DELAY_MS = 2_000;

async function eraseSpeaker({ parts, request }: Work): Promise<void> {
  const { speaker, account, event } = request;
  const { personId, lang } = speaker;
  await parts.env.ERASURE.getByName(personId).start({
    personId,
    by: { userId: personId, ip: null },
    told: { account, target: targetOf(event), lang },
    delayMs: ERASE_DELAY_MS,
  });
}

async function redeemLink(
  { parts, request }: Work,
  changes: Changes,
  code: string,
): Promise<LinkOutcome> {
  const { speaker } = request;
  if (isGuessing(speaker.personId, parts.nowMs())) return { status: "too_many" };
  const outcome = await openDirectory(parts.env).redeemLink({ code, session: parts.key, speaker });
  if (outcome.status !== "linked") return outcome;
  await joinPersonKeys(parts.env, outcome.joined);
  forgetDirectory();
  await followPerson(parts.env, outcome.joined);
  // Where that conversation has moved itself: one that has moved here would lead in a circle.
  const { session: to } = await callSession(parts.env, outcome.to, (other) =>
    other.history(undefined, 1),
  );
  if (to === parts.key) return { status: "same_conversation" };
  changes.push(() => {
    parts.meta.set("movedTo", to);
    parts.dialogues.forget();
    parts.handovers.forget();
  });
  return { status: "linked", channel: outcome.channel };
}

function searchedOf({ history }: SessionParts): Searched {
  return {
    page: (afterSeq, beforeSeq, limit) => history.page(afterSeq, beforeSeq, limit),
    rest: () => scheduler.wait(0),
  };
}
