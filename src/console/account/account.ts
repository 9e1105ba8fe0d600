/** What the settings show of the person's sign-ins, as signals, and what can be done about them. */
import { signal } from "@preact/signals";
import type { Credentials, DeviceSummary } from "../../core/sign-in-protocol.ts";
import { toApiError } from "../api-error.ts";
import { say } from "../preferences.ts";
import { endSession } from "../session.ts";
import { loadCredentials, loadDevices } from "./calls.ts";
import { linkProvider, loadProvider, takeReturned } from "./provider.ts";

export const devices = signal<readonly DeviceSummary[]>([]);
export const credentials = signal<Credentials | undefined>(undefined);
/** What did not work out last, or what did. */
export const outcome = signal<{ text: string; isTrouble: boolean } | undefined>(undefined);
export const isBusy = signal(false);

/** Links the account that the browser has just come back with, if there is one. */
export async function loadAccount(): Promise<void> {
  const { answer } = takeReturned("link") ?? {};
  await act(async () => {
    await loadProvider();
    if (answer) await linkProvider(answer);
  }, answer && say("saved"));
}

/** Does one thing, says how it went, and shows what is now. */
export async function act(work: () => Promise<unknown>, done: string | undefined): Promise<void> {
  if (isBusy.value) return;
  isBusy.value = true;
  try {
    await work();
    [devices.value, credentials.value] = await Promise.all([loadDevices(), loadCredentials()]);
    outcome.value = done === undefined ? undefined : { text: done, isTrouble: false };
  } catch (error) {
    const { isSignedOut, problem } = toApiError(error);
    if (isSignedOut) endSession();
    const text = problem ? `${problem.detail} ${problem.fix}` : say("serverAwayTitle");
    outcome.value = { text, isTrouble: true };
  } finally {
    isBusy.value = false;
  }
}

/** Browsers keep passkeys to pages of https and of this machine, and to names: an address in numbers has none. */
export function canUsePasskeys(): boolean {
  const isNumbers = /^[\d.]+$|^\[/.test(location.hostname);
  return isSecureContext && "PublicKeyCredential" in window && !isNumbers;
}
