/**
 * The way in for every event, whichever transport brought it: admission, then the session's own object. Only what came
 * back as `accepted` or `duplicate` is stored; everything that is not may be sent again by the platform.
 */
import type { Account } from "../../adapters/adapter.ts";
import { AppError } from "../../core/errors.ts";
import { encodeSessionKey, type SessionKey } from "../../core/ids.ts";
import type { Conversation, InboundEvent, Target } from "../../core/message.ts";
import type { AcceptRequest, Speaker } from "../../core/session-protocol.ts";
import type { Env } from "../../env.ts";
import { phrase } from "../../phrases/phrase.ts";
import type { Route } from "../delivery/routes-out.ts";
import { admit, openDirectory } from "../directory/directory-client.ts";
import { overRate, quotaError } from "../quota/quota-client.ts";
import { acceptCounted } from "./accept-counted.ts";
import { noteStored, noteStoreFailed } from "./storage-health.ts";
import { tellNow } from "./tell-now.ts";
import { NOT_GRANTED, tellOnce } from "./tell-once.ts";

export type TakenIn =
  | { outcome: "accepted" | "duplicate"; session: SessionKey; key: string }
  | { outcome: "ignored" | "denied" | "pairing" }
  /** Over a limit of the person, who was told so once. Nothing was stored. */
  | { outcome: "limited"; error: AppError }
  /** Where the person can be told, and in which language. */
  | {
      outcome: "full";
      retryAfterMs: number;
      session: SessionKey;
      target: Target;
      lang: Speaker["lang"];
    };

function sessionOf(account: Account, conversation: Conversation): SessionKey {
  return encodeSessionKey({
    channel: account.channel,
    account: account.name,
    conversation: conversation.id,
    ...(conversation.thread === undefined ? {} : { thread: conversation.thread }),
  });
}

function admissionOf(event: Exclude<InboundEvent, { kind: "ignored" }>) {
  if (event.kind !== "stop") {
    const { sender, conversation, mentionsMe, target } = event.message;
    return { sender, conversation, mentionsMe, target };
  }
  const { sender, conversation, target } = event;
  return { sender, conversation, mentionsMe: true, target };
}

/** Throws session/unavailable when the event could not be stored, channel/* when a stranger is to be told his code later. */
export async function takeIn(env: Env, route: Route, event: InboundEvent): Promise<TakenIn> {
  if (event.kind === "ignored") return { outcome: "ignored" };
  const { account } = route;
  const asked = admissionOf(event);
  const admission = await orUnavailable(() => admit(env, { account: account.key, ...asked }));
  if (admission.status === "denied") return { outcome: "denied" };
  if (admission.status === "pairing") {
    if (admission.notify) await tellCode(env, route, asked.target, admission);
    return { outcome: "pairing" };
  }
  const { speaker } = admission;
  if (admission.status === "refused") {
    await tellOnce(env, route, asked.target, speaker, NOT_GRANTED);
    return { outcome: "denied" };
  }
  const flood = overRate(speaker);
  if (flood) {
    await tellOnce(env, route, asked.target, speaker, flood);
    return { outcome: "limited", error: quotaError(env, speaker, flood) };
  }
  const session = sessionOf(account, asked.conversation);
  const request: AcceptRequest = {
    session,
    account: account.key,
    speaker,
    event,
  };
  const counted = await orUnavailable(() => acceptCounted(env, request));
  if (counted.status === "over") {
    const { over } = counted;
    await tellOnce(env, route, asked.target, speaker, over);
    return { outcome: "limited", error: quotaError(env, speaker, over) };
  }
  const { session: stored, result } = counted;
  if (result.status === "full") {
    const { retryAfterMs } = result;
    const { lang } = speaker;
    return { outcome: "full", retryAfterMs, session: stored, target: asked.target, lang };
  }
  return { outcome: result.status, session: stored, key: event.key };
}

/** For what must be stored before the platform may be told so; a full disk, for example, is the platform's to wait for. */
async function orUnavailable<Value>(store: () => Promise<Value>): Promise<Value> {
  try {
    const value = await store();
    noteStored();
    return value;
  } catch (cause) {
    noteStoreFailed(Date.now());
    throw new AppError("session/unavailable", { cause });
  }
}

/** Told before the platform is answered: when it fails, the platform brings the message again, and the code is the same. */
async function tellCode(
  env: Env,
  route: Route,
  target: Target,
  pairing: { code: string; lang: "en" | "zh" },
): Promise<void> {
  const markdown = phrase(pairing.lang, "pairing", { code: pairing.code });
  await tellNow(route, target, markdown, `pairing:${pairing.code}`);
  await orUnavailable(async () => openDirectory(env).pairingNoticed(pairing.code));
}
