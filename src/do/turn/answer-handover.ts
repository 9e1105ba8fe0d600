/** A word of the desk on its way to who was handed over, by chat command or by the admin socket. */
import type { AuditActor } from "../../core/audit.ts";
import type { DeskAnswer, DeskAnswered } from "../../core/handover.ts";
import type { Env } from "../../env.ts";
import { openDirectory } from "../directory/directory-client.ts";
import { callSession } from "../session/session-client.ts";

export interface AnswerHandover extends Omit<DeskAnswer, "handoverId"> {
  number: number;
  actor: AuditActor;
}

/** Durable when it returns; running it twice with one turn changes nothing. */
export async function answerHandover(
  env: Env,
  { number, actor, ...answer }: AnswerHandover,
): Promise<DeskAnswered> {
  const directory = openDirectory(env);
  const found = await directory.takeHandover(number, actor);
  if (!found) return { status: "over" };
  const { id: handoverId } = found;
  const { result } = await callSession(env, found.session, (session) =>
    session.answerHandover({ ...answer, handoverId }),
  );
  // The conversation knows best: what it does not know any more is listed no longer.
  if (result.status === "over")
    await directory.closeHandover({ id: handoverId, end: "left", by: null });
  return result;
}
