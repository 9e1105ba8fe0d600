/** What a step of a dialogue leaves behind, sealed and ready for the transaction that ends it. */
import { type AccountKey, decodeSessionKey, parseAccountKey, type TurnId } from "../../core/ids.ts";
import type { Target } from "../../core/message.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import type { Definition } from "../../flows/definition-schema.ts";
import { escapeMarkdown } from "../../flows/escape-markdown.ts";
import type { Outcome, Step } from "../../flows/step.ts";
import { renderSummary } from "../../flows/words.ts";
import { phrase } from "../../phrases/phrase.ts";
import type { NoticeBody } from "../session/notices.ts";
import type { SessionParts } from "../session/session-parts.ts";

/** A dialogue about to be stored, and whom and where it speaks to. */
export interface Stand {
  definition: Definition;
  version: number;
  isNew: boolean;
  /** Of what the owner is told, if he is, and of the hand-over: the same however often the step is taken. */
  noticeId: TurnId;
  speaker: Speaker;
  account: AccountKey;
  target: Target;
}

export interface Closed {
  /** What is said. */
  text: string;
  /** True where the model is told of it: it, or a person, goes on from here. */
  isTold: boolean;
  /** Inside the caller's transaction. */
  change(): void;
}

export async function closeStep(parts: SessionParts, stand: Stand, step: Step): Promise<Closed> {
  const { outcome } = step;
  if (outcome.status === "waiting") return waitFor(parts, stand, step, outcome.silenceMs);
  const { personId, lang } = stand.speaker;
  const isTold = outcome.end === "model" || outcome.end === "person";
  const { slots } = step.snapshot.memory;
  const summary = isTold ? renderSummary(stand.definition, slots, lang) : "";
  const next = await sealNext(parts, stand, step, outcome);
  return {
    text: [step.reply, summary].filter((part) => part !== "").join("\n\n"),
    isTold,
    change() {
      parts.dialogues.end(personId);
      next?.();
    },
  };
}

/** What a person is to be told, and who goes on; stored by what is returned. */
async function sealNext(
  parts: SessionParts,
  stand: Stand,
  step: Step,
  { end, tellOwner }: Extract<Outcome, { status: "ended" }>,
): Promise<(() => void) | undefined> {
  const { noticeId: id, speaker, account, target, definition } = stand;
  const { personId } = speaker;
  const notice = tellOwner ? noticeOf(parts, stand, step) : undefined;
  if (end === "person" && !parts.handovers.isFull) {
    const body = { speaker, account, target, ...(notice ? { notice } : {}) };
    const sealed = await parts.handovers.seal(id, body);
    const { flow } = definition;
    return () => parts.handovers.begin({ id, personId, flow }, sealed, parts.nowMs());
  }
  if (!notice) return undefined;
  const sealed = await parts.notices.seal(id, notice, personId);
  return () => parts.notices.add(id, sealed, parts.nowMs());
}

async function waitFor(
  parts: SessionParts,
  { definition, version, isNew, speaker, account, target }: Stand,
  { snapshot, reply }: Step,
  silenceMs: number,
): Promise<Closed> {
  const { dialogues } = parts;
  const { personId } = speaker;
  const [sealed, sealedDefinition] = await Promise.all([
    dialogues.sealBody(personId, { snapshot, speaker, account, target }),
    isNew ? dialogues.sealDefinition(personId, definition) : undefined,
  ]);
  return {
    text: reply,
    isTold: false,
    change() {
      const nowMs = parts.nowMs();
      const dueAtMs = nowMs + silenceMs;
      const row = { personId, flow: definition.flow, version, dueAtMs, sealed };
      dialogues.put(sealedDefinition ? { ...row, definition: sealedDefinition } : row, nowMs);
    },
  };
}

/** Who, where and what, in both languages. */
function noticeOf(
  parts: SessionParts,
  { definition, speaker, account }: Stand,
  { snapshot }: Step,
): NoticeBody {
  const { channel } = parseAccountKey(account);
  const conversation = decodeSessionKey(parts.key)?.conversation ?? "";
  const of = (lang: "en" | "zh") =>
    [
      phrase(lang, "flowNotice", {
        title: escapeMarkdown(definition.title[lang]),
        name: escapeMarkdown(speaker.name),
        channel,
        conversation: escapeMarkdown(conversation),
      }),
      renderSummary(definition, snapshot.memory.slots, lang),
    ]
      .filter((part) => part !== "")
      .join("\n\n");
  return { en: of("en"), zh: of("zh") };
}
