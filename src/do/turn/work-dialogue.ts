/**
 * A message of somebody in a dialogue, or one that begins one: answered without a model, one at a time. Where the
 * dialogue was over before the message's turn came, the model answers it; who was handed over speaks to a person. State machines are loaded with the first one.
 */
import type { FlowSummary } from "../../core/admin-protocol.ts";
import type { Definition } from "../../flows/definition-schema.ts";
import { escapeMarkdown } from "../../flows/escape-markdown.ts";
import type { Step } from "../../flows/step.ts";
import { phrase } from "../../phrases/phrase.ts";
import { isAllowed } from "../../security/permissions.ts";
import { FLOW_PERMISSION } from "../../turn/commands.ts";
import { findFlows, findTriggered, openDirectory } from "../directory/directory-client.ts";
import { describeUser } from "../session/history.ts";
import { commandOf, targetOf, userBody } from "../session/stored-event.ts";
import { userMessageId } from "../session/turn-names.ts";
import type { Work } from "../session/work-head.ts";
import { closeStep, type Stand } from "./close-step.ts";
import { commitTurn, type TurnEnd } from "./commit.ts";
import { reportTurn } from "./report-turn.ts";
import { registerHandover } from "./work-handover.ts";
import { giveWay } from "./work-summary.ts";

export async function workDialogue(work: Work): Promise<void> {
  const { parts, request } = work;
  const { event, speaker } = request;
  const command = commandOf(event);
  if (command) return answerCommand(work, command.args.toLowerCase());
  const text = event.kind === "stop" ? "" : event.message.text;
  const row = parts.dialogues.find(speaker.personId);
  if (!row) {
    if (parts.handovers.has(speaker.personId)) return relay(work);
    const mayBegin = isAllowed(speaker.role, FLOW_PERMISSION);
    const name = mayBegin ? await findTriggered(parts.env, text) : undefined;
    return name === undefined ? leaveToModel(work) : begin(work, name);
  }
  const { definition, body } = await parts.dialogues.open(row);
  const input = { kind: "message", text } as const;
  const nowMs = parts.nowMs();
  const { stepFlow } = await import("../../flows/step.ts");
  const step = stepFlow(definition, body.snapshot, input, speaker, nowMs);
  return say(work, { definition, version: row.version, isNew: false }, step);
}

/** `/flow` alone lists them; with a name it begins one. */
async function answerCommand(work: Work, name: string): Promise<void> {
  const { parts, request } = work;
  const { lang, personId, role } = request.speaker;
  if (!isAllowed(role, FLOW_PERMISSION))
    return reply(work, phrase(lang, "notAllowed", { name: "flow" }));
  if (name === "") return reply(work, renderFlows(await findFlows(parts.env), lang));
  const running = parts.dialogues.find(personId);
  if (running) return reply(work, phrase(lang, "flowBusy", { name: running.flow }));
  return begin(work, name);
}

function renderFlows(flows: readonly FlowSummary[], lang: "en" | "zh"): string {
  if (flows.length === 0) return phrase(lang, "flowNone");
  const lines = flows.map(
    ({ name, title }) => `- \`/flow ${name}\` – ${escapeMarkdown(title[lang])}`,
  );
  return [phrase(lang, "flowList"), lines.join("\n")].join("\n\n");
}

async function begin(work: Work, name: string): Promise<void> {
  const { parts, request } = work;
  const { lang, personId } = request.speaker;
  const found = await openDirectory(parts.env).findFlow(name);
  if (!found) return reply(work, phrase(lang, "flowUnknown"));
  if (parts.handovers.has(personId)) return reply(work, phrase(lang, "handoverBusy"));
  if (parts.dialogues.isFull) return reply(work, phrase(lang, "flowFull"));
  const { definition, version } = found;
  const { startFlow } = await import("../../flows/step.ts");
  return say(work, { definition, version, isNew: true }, startFlow(definition, request.speaker));
}

/** The dialogue is where it was. */
async function reply(work: Work, text: string): Promise<void> {
  await store(work, { outcome: "command", reply: text, aside: true });
}

async function say(
  work: Work,
  { definition, version, isNew }: { definition: Definition; version: number; isNew: boolean },
  step: Step,
): Promise<void> {
  const { parts, row, request, seq } = work;
  const { speaker, account, event } = request;
  const stand: Stand = {
    definition,
    version,
    isNew,
    noticeId: row.turnId,
    speaker,
    account,
    target: targetOf(event),
  };
  const { text, isTold, change } = await closeStep(parts, stand, step);
  const id = userMessageId(row.turnId);
  const isStored = await store(work, {
    outcome: "answered",
    reply: text,
    aside: !isTold,
    change: () => {
      if (isTold) parts.history.tellModel(id);
      change();
    },
  });
  if (!isStored || !isTold) return;
  const user = describeUser(userBody(request, work.takenBack));
  parts.past.remember({ seq, atMs: row.acceptedAtMs, user, assistant: text });
}

/** True where it is stored; false where the message was taken back or edited meanwhile. */
async function store(work: Work, end: TurnEnd): Promise<boolean> {
  const { parts, row } = work;
  const committed = await commitTurn(work, end);
  if (committed.status === "stored") parts.readers.end(row.turnId, committed.message);
  else if (!parts.inbox.isQueued(row.seq)) parts.readers.end(row.turnId, undefined);
  const isStored = committed.status === "stored";
  reportTurn(work, { outcome: isStored ? end.outcome : "postponed" });
  return isStored;
}

/** To who answers; the person is told once that it is so. */
async function relay(work: Work): Promise<void> {
  const { parts, row, request, takenBack } = work;
  const { handovers, notices } = parts;
  const { speaker } = request;
  const known = handovers.find(speaker.personId);
  if (known && known.number === undefined) await registerHandover(parts, known);
  const handover = handovers.find(speaker.personId);
  if (handover?.number === undefined) return leaveToModel(work);
  const { number, desk, id, isAcknowledged } = handover;
  const text = renderRelayed(number, speaker.name, describeUser(userBody(request, takenBack)));
  const body = { en: text, zh: text, ...(desk ? { to: desk } : {}) };
  const sealed = await notices.seal(row.turnId, body, speaker.personId);
  await store(work, {
    outcome: "answered",
    reply: isAcknowledged ? "" : phrase(speaker.lang, "handoverPassedOn"),
    aside: true,
    change: () => {
      handovers.acknowledged(id);
      notices.add(row.turnId, sealed, parts.nowMs());
    },
  });
}

/** Words of somebody else: nothing in them is Markdown, and each line stays one. */
function renderRelayed(number: number, name: string, text: string): string {
  const lines = text.split("\n").map(escapeMarkdown);
  return `**#${number} ${escapeMarkdown(name)}:** ${lines.join("  \n")}`;
}

function leaveToModel({ parts, row, running }: Work): void {
  parts.commit(() => {
    if (running?.controller.signal.aborted) return;
    parts.inbox.move(row.seq, "dialogue", "turn");
    parts.history.tellModel(userMessageId(row.turnId));
  });
  giveWay(parts);
}
