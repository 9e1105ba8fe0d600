/** The ways in without a link: name and password, or a passkey. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { toApiError } from "../api-error.ts";
import { say } from "../preferences.ts";
import { openSession } from "../session.ts";
import { canUsePasskeys } from "./account.ts";
import { signInByPasskey, signInByPassword } from "./calls.ts";
import {
  leaveToSignIn,
  loadProvider,
  provider,
  signInByProvider,
  takeReturned,
} from "./provider.ts";

export function SignInForm() {
  const trouble = useSignal<string | undefined>(undefined);
  const isBusy = useSignal(false);

  useEffect(() => {
    // A box that cannot be asked shows the other ways in.
    void loadProvider().catch(() => undefined);
    const returned = takeReturned("sign-in");
    if (returned?.answer) void run(() => signInByProvider(returned.answer).then(() => true));
    else if (returned) trouble.value = say("providerNone");
  }, []);

  async function leave(): Promise<true> {
    await leaveToSignIn();
    // The browser is on its way: the form stays busy until the page has gone, or is shown again by going back.
    return new Promise((resolve) =>
      addEventListener("pageshow", () => resolve(true), { once: true }),
    );
  }

  async function run(work: () => Promise<unknown>): Promise<void> {
    isBusy.value = true;
    trouble.value = undefined;
    try {
      if ((await work()) !== undefined) return await openSession(undefined);
      trouble.value = say("passkeyNone");
    } catch (error) {
      const { problem, retryAfterMs } = toApiError(error);
      const wait =
        retryAfterMs === undefined
          ? ""
          : ` ${say("waitSeconds", { count: Math.ceil(retryAfterMs / 1000) })}`;
      trouble.value = problem ? `${problem.detail}${wait}` : say("serverAwayTitle");
    } finally {
      isBusy.value = false;
    }
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement); // the form that this handles
    const [name, password] = [String(fields.get("name")), String(fields.get("password"))];
    void run(() => signInByPassword(name, password).then(() => true));
  }

  return (
    <form class="fields" onSubmit={submit}>
      <label>
        {say("signInName")}
        <input name="name" autocomplete="username webauthn" required maxLength={64} />
      </label>
      <label>
        {say("password")}
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      <button type="submit" class="button" disabled={isBusy.value}>
        {say("signIn")}
      </button>
      {canUsePasskeys() ? (
        <button
          type="button"
          class="button plain-button"
          disabled={isBusy.value}
          onClick={() => void run(signInByPasskey)}
        >
          {say("signInPasskey")}
        </button>
      ) : null}
      {provider.value === undefined ? null : (
        <button
          type="button"
          class="button plain-button"
          disabled={isBusy.value}
          onClick={() => void run(leave)}
        >
          {say("signInProvider", { name: provider.value })}
        </button>
      )}
    </form>
  );
}
