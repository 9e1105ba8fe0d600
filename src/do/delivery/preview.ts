/**
 * Shows a running turn at the platform: "typing" first, then the unfinished answer as a draft or in a message that is
 * edited. The message is stored as a live outbox row before it is first sent, and its id as soon as it is known, so
 * that a turn that runs again after a crash edits the same one.
 */
import { splitMarkdown } from "../../adapters/split.ts";
import { isAppError } from "../../core/errors.ts";
import type { PersonId, TurnId } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import { describePlace } from "../../core/place-words.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import { type Lang, phrase } from "../../phrases/phrase.ts";
import { Pump } from "../../turn/pump.ts";
import type { RunningTurn, SessionParts } from "../session/session-parts.ts";
import { draftIdOf, replyKey } from "../session/turn-names.ts";
import type { Route } from "./routes-out.ts";

/** A turn that is answered within this time shows no "typing". */
const FIRST_TYPING_MS = 500;
const TYPING_SHARE = 0.8;
const REST_MS = 5_000;

function failed(error: unknown): number | undefined {
  if (!isAppError(error)) return undefined;
  if (error.retryAfterMs !== undefined) return error.retryAfterMs;
  return error.code === "channel/unavailable" ? REST_MS : undefined;
}

export interface Preview {
  stop(): Promise<void>;
}

/** Begins to show `running`; ends when it is stopped. */
export function startPreview(
  parts: SessionParts,
  running: RunningTurn,
  target: Target,
  route: Route,
  { personId, lang }: Speaker,
): Preview {
  const text = () => textOf(running, lang);
  const pumps = [
    typingPump(running, target, route),
    answerPump(parts, { turnId: running.turnId, personId, text }, target, route),
  ];
  return {
    async stop() {
      await Promise.all(pumps.map((pump) => pump?.stop()));
    },
  };
}

/** What is shown of a turn now: the answer so far, its place in line, or how far a document is read. */
function textOf({ text, place, progress = "" }: RunningTurn, lang: Lang): string {
  if (text !== "" || !place) return text === "" ? progress : text;
  const { name, values } = describePlace(place);
  return phrase(lang, name, values);
}

interface Shown {
  turnId: TurnId;
  personId: PersonId;
  text(): string;
}

function typingPump(
  running: RunningTurn,
  target: Target,
  { adapter, account, io }: Route,
): Pump | undefined {
  const { typing } = adapter;
  const { typingMs } = adapter.capabilities;
  if (!typing || typingMs === undefined) return undefined;
  return new Pump({
    firstMs: FIRST_TYPING_MS,
    everyMs: typingMs * TYPING_SHARE,
    failed,
    async show() {
      if (running.text === "") await typing.call(adapter, target, account, io);
    },
  });
}

function answerPump(
  parts: SessionParts,
  shownTurn: Shown,
  target: Target,
  route: Route,
): Pump | undefined {
  const { turnId, text } = shownTurn;
  const { capabilities } = route.adapter;
  const maxUnits = capabilities.maxTextUnits;
  const preview = capabilities.preview(target.conversation);
  if (!preview) return undefined;
  const show =
    preview.how === "draft"
      ? draftShower(turnId, target, route)
      : editShower(parts, shownTurn, target, route);
  let shown = "";
  return new Pump({
    firstMs: preview.everyMs,
    everyMs: preview.everyMs,
    failed,
    async show() {
      const [head = ""] = splitMarkdown(text().slice(0, maxUnits * 2), maxUnits);
      if (head === "" || head === shown) return;
      await show(head);
      shown = head;
    },
  });
}

type Show = (markdown: string) => Promise<void>;

function draftShower(turnId: TurnId, target: Target, { adapter, account, io }: Route): Show {
  return async (markdown) => adapter.draft?.(target, draftIdOf(turnId), markdown, account, io);
}

function editShower(
  parts: SessionParts,
  { turnId, personId }: Shown,
  target: Target,
  { adapter, account, io }: Route,
): Show {
  const key = replyKey(turnId, 0);
  let ref = parts.outbox.find(key)?.ref;
  return async (markdown) => {
    if (ref !== undefined) {
      await adapter.edit?.(target, { id: ref }, markdown, account, io);
      return;
    }
    const text = await parts.outbox.seal(key, { markdown, target }, personId);
    const row = { ...text, turnId, account: account.key, state: "live" } as const;
    parts.outbox.put(row, parts.nowMs());
    const sent = await adapter.send(target, { markdown, idempotencyKey: key }, account, io);
    ref = sent.id;
    parts.outbox.setRef(key, sent.id);
  };
}
