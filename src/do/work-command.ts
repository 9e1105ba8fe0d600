/** Answers one command of the inbox: at once, whatever else runs, with or without a model. */
import { type Command, parseCommand } from "../core/command.ts";
import type { ChatMessage } from "../core/message.ts";
import type { AcceptRequest } from "../core/session-protocol.ts";
import { emit } from "../observability/emit.ts";
import { phrase } from "../phrases/phrase.ts";
import { type CommandPorts, type LinkOutcome, runCommand } from "../turn/commands.ts";
import { openEvent } from "./accept.ts";
import { commitTurn } from "./commit.ts";
import { forgetDirectory, openDirectory } from "./directory-client.ts";
import type { InboxRow } from "./inbox.ts";
import type { SessionParts } from "./session-parts.ts";

function commandOf(request: AcceptRequest): Command {
  const { event } = request;
  const parsed = event.kind === "stop" ? undefined : parseCommand(event.message.text);
  return parsed ?? { name: "stop", args: "" };
}

export async function workCommand(parts: SessionParts, row: InboxRow): Promise<void> {
  const startedAtMs = parts.nowMs();
  const { request, stoppedRows } = await openEvent(parts, row.turnId);
  const reply = await runCommand(commandOf(request), portsOf(parts, request, stoppedRows));
  const message = await commitTurn(parts, row, request, startedAtMs, {
    outcome: "command",
    reply,
    aside: true,
  });
  close(parts, row, message);
  const channel = request.account.split(":")[0] ?? "";
  emit({
    type: "turn:finished",
    turnId: row.turnId,
    session: parts.key,
    channel,
    outcome: "command",
    ms: parts.nowMs() - startedAtMs,
  });
}

function close(parts: SessionParts, row: InboxRow, message: ChatMessage | undefined): void {
  if (message) parts.readers.broadcast({ type: "message", message });
  parts.readers.broadcast({ type: "end", turnId: row.turnId });
  for (const wake of parts.waiters.get(row.turnId) ?? []) wake();
}

function portsOf(parts: SessionParts, request: AcceptRequest, stoppedRows: number): CommandPorts {
  const { speaker, event } = request;
  const conversation = event.kind === "stop" ? event.conversation : event.message.conversation;
  return {
    say: (name, values) => phrase(speaker.lang, name, values),
    speaker,
    channel: request.account.split(":")[0] ?? "",
    isDirect: conversation.kind === "direct",
    stoppedRows,
    modelState: () => parts.model.state(),
    sessionModel: () => parts.meta.get("model") ?? parts.defaultModel,
    setSessionModel: (name) => parts.meta.set("model", name),
    waiting: () => parts.inbox.queued("turn"),
    messageCount: () => parts.history.count(),
    startAfresh: () => parts.meta.set("contextFromSeq", parts.history.newestSeq()),
    forget: () => forget(parts),
    createLink: async () => openDirectory(parts.env).createLinkCode(parts.key, speaker.personId),
    redeemLink: (code) => redeemLink(parts, request, code),
  };
}

function forget(parts: SessionParts): number {
  const count = parts.history.count();
  parts.running?.controller.abort();
  parts.storage.transactionSync(() => {
    parts.inbox.forget();
    parts.outbox.forget();
    parts.files.forget();
    const throughSeq = parts.history.forget();
    parts.journal.skipMessages();
    parts.journal.add({ kind: "forget", sessionId: parts.key, throughSeq });
  });
  return count;
}

async function redeemLink(
  parts: SessionParts,
  request: AcceptRequest,
  code: string,
): Promise<LinkOutcome> {
  const outcome = await openDirectory(parts.env).redeemLink({
    code,
    session: parts.key,
    speaker: request.speaker,
  });
  if (outcome.status !== "linked") return outcome;
  forgetDirectory();
  parts.meta.set("movedTo", outcome.to);
  return { status: "linked", channel: outcome.channel };
}
