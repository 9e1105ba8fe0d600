/**
 * Tells a person at a limit so: once for each limit and not for each message, before the platform is answered. When that
 * fails, the platform brings the message again, and the person is told then.
 */
import type { Target } from "../../core/message.ts";
import type { Speaker } from "../../core/session-protocol.ts";
import type { Env } from "../../env.ts";
import { phrase } from "../../phrases/phrase.ts";
import type { Route } from "../delivery/routes-out.ts";
import { giveTellingBack, type Over, takeNotice, takeTelling } from "../quota/quota-client.ts";
import { tellNow } from "./tell-now.ts";

/** The person may not use this channel at all. */
export const NOT_GRANTED = "not_granted";

export async function tellOnce(
  env: Env,
  route: Route,
  target: Target,
  speaker: Speaker,
  why: Over | typeof NOT_GRANTED,
): Promise<void> {
  const text =
    why === NOT_GRANTED
      ? takeNotice(env, speaker, phrase(speaker.lang, "channelNotGranted"))
      : await takeTelling(env, speaker, why);
  if (text === undefined) return;
  try {
    await tellNow(route, target, text, `limit:${speaker.personId}:${Date.now()}`);
  } catch (error) {
    giveTellingBack(env, speaker, why === NOT_GRANTED ? "notice" : why.quota);
    throw error;
  }
}
