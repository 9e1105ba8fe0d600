/** Who is signed in, and how one gets there: by the owner link's fragment, or by the cookie of an earlier time. */
import { signal } from "@preact/signals";
import type { Me } from "../core/chat-protocol.ts";
import { loadMe, renewal, signIn, signOut } from "./api.ts";
import { toApiError } from "./api-error.ts";
import { decideWaitMs, rest } from "./retry.ts";

export type SessionState =
  | { status: "checking" }
  | { status: "signed_in"; me: Me }
  | { status: "signed_out"; reason: "no_session" | "bad_link" }
  /** The link signs in somebody else than who is signed in: the person decides. */
  | { status: "asked"; token: string; detail: string }
  /** The server cannot be asked; it is asked again by itself. */
  | { status: "away" }
  | { status: "failed"; message: string; fix: string };

export const session = signal<SessionState>({ status: "checking" });

let pause = new AbortController();

/**
 * Signs in with the token, if there is one, or with the cookie; tries until the server answers. `replace`: also where
 * somebody else is signed in.
 */
export async function openSession(token: string | undefined, replace = false): Promise<void> {
  session.value = { status: "checking" };
  for (let failures = 1; ; failures += 1) {
    const state = await trySession(token, replace);
    session.value = state;
    if (state.status !== "away") return;
    pause = new AbortController();
    await rest(decideWaitMs(failures, Math.random()), pause.signal);
  }
}

async function trySession(token: string | undefined, replace: boolean): Promise<SessionState> {
  try {
    if (token !== undefined) await signIn(token, replace);
    return { status: "signed_in", me: await loadMe() };
  } catch (error) {
    const { isSignedOut, isTransient, problem, message } = toApiError(error);
    if (isTransient) return { status: "away" };
    if (token !== undefined && problem?.code === "sign_in/other_person")
      return { status: "asked", token, detail: message };
    if (!isSignedOut) return { status: "failed", message, fix: problem?.fix ?? "" };
    return {
      status: "signed_out",
      reason: problem?.code === "owner/bad_token" ? "bad_link" : "no_session",
    };
  }
}

/** The page is looked at again: a timer may have slept. */
export function wakeSession(): void {
  renewal.check();
}

/** Ends the wait between two tries. */
export function hurrySession(): void {
  pause.abort();
}

/** The cookie is no longer taken. */
export function endSession(): void {
  session.value = { status: "signed_out", reason: "no_session" };
}

/** Throws ApiError where the server could not be told. */
export async function leaveSession(): Promise<void> {
  await signOut();
  endSession();
}
