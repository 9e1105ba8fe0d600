/**
 * What becomes of the documents of a message: short ones are told to the model with it, long ones are read part by part
 * in a lane of their own, and the message waits for that.
 */
import { phrase } from "../../phrases/phrase.ts";
import { messageTokens } from "../../turn/context.ts";
import { MAX_PARTS, planSizes } from "../../turn/digest.ts";
import { areShort, type ReadDocument } from "../../turn/documents.ts";
import { splitDocument } from "../../turn/split-document.ts";
import type { DigestBody } from "../session/digests.ts";
import { describeUser, type MessageBody } from "../session/history.ts";
import { openSpace } from "./build-context.ts";
import { commitNotice } from "./commit.ts";
import type { TurnWork } from "./end-turn.ts";
import { keepBody, type PreparedMessage } from "./prepare-message.ts";

export type Placed =
  | { status: "told"; body: MessageBody }
  /** The message goes on in the lane of long documents, or was taken back meanwhile. */
  | { status: "handed_over" };

/** Throws model/*. */
export async function placeDocuments(work: TurnWork, prepared: PreparedMessage): Promise<Placed> {
  const { body, documents } = prepared;
  if (documents.length === 0) return { status: "told", body };
  const { space } = await openSpace(work.parts);
  if (!areShort(documents, describeUser(body), messageTokens(space.contextTokens))) {
    await handOver(work, prepared, { ...planSizes(space), question: body.asked ?? body.text });
    return { status: "handed_over" };
  }
  const told = documents.map((one) => ({ ...one, how: "whole" as const }));
  const whole = { ...body, documents: told };
  await keepBody(work, whole);
  return { status: "told", body: whole };
}

/** Plan, text and lane in one transaction, with the sentence that says so. */
async function handOver(
  work: TurnWork,
  { documents, problems }: PreparedMessage,
  sizes: Omit<DigestBody, "names" | "isCut">,
): Promise<void> {
  const { parts, row, request } = work;
  const { texts, names, isCut } = splitAll(documents, sizes.partTokens);
  const sealed = await parts.digests.seal(
    row.turnId,
    { ...sizes, names, isCut },
    texts,
    request.speaker.personId,
  );
  const said = phrase(request.speaker.lang, "documentReading", {
    name: documents.map(({ name }) => name).join(", "),
    count: texts.length,
  });
  const committed = await commitNotice(work, [...problems, said].join("\n\n"), 0, () => {
    parts.digests.begin(row.turnId, sealed, parts.nowMs());
    parts.inbox.move(row.seq, "turn", "digest");
  });
  const { message } = committed.status === "stored" ? committed : {};
  if (message) parts.readers.broadcast({ type: "message", message });
}

function splitAll(documents: readonly ReadDocument[], partTokens: number) {
  const texts: string[] = [];
  const names: string[] = [];
  let isCut = false;
  for (const document of documents) {
    const split = splitDocument(document.text, partTokens, MAX_PARTS - texts.length);
    texts.push(...split.parts);
    names.push(...split.parts.map(() => document.name));
    isCut ||= split.isCut || document.isCut;
  }
  return { texts, names, isCut };
}
