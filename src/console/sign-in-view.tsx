/** What a stranger sees, and nothing else: what this is, and how its owner gets in. */
import type { ComponentChildren } from "preact";
import { SignInForm } from "./account/sign-in-form.tsx";
import { Logo } from "./icons.tsx";
import { say } from "./preferences.ts";
import { hurrySession, openSession, type SessionState } from "./session.ts";

type SignedOutState = Exclude<SessionState, { status: "signed_in" }>;

function Command({ children }: { children: string }) {
  return <code class="command">{children}</code>;
}

function BadLink() {
  return (
    <>
      <h2>{say("badLinkTitle")}</h2>
      <p>{say("badLinkHow")}</p>
      <Command>npx rockpool owner-link</Command>
    </>
  );
}

function NoSession() {
  return (
    <>
      <h2>{say("signInTitle")}</h2>
      <SignInForm />
      <p>{say("signInHow")}</p>
      <Command>npm start</Command>
      <p>{say("signInAgain")}</p>
      <Command>npx rockpool owner-link</Command>
    </>
  );
}

function OtherPerson({ token, detail }: { token: string; detail: string }) {
  return (
    <>
      <h2>{say("otherPersonTitle")}</h2>
      <p>{detail}</p>
      <p>{say("otherPersonHow")}</p>
      <button type="button" class="button" onClick={() => void openSession(undefined)}>
        {say("otherPersonStay")}
      </button>
      <button type="button" class="link" onClick={() => void openSession(token, true)}>
        {say("otherPersonGo")}
      </button>
    </>
  );
}

function Away() {
  return (
    <>
      <h2>{say("serverAwayTitle")}</h2>
      <p>{say("serverAwayHow")}</p>
      <button type="button" class="button" onClick={hurrySession}>
        {say("tryNow")}
      </button>
    </>
  );
}

function contentOf(state: SignedOutState): ComponentChildren {
  switch (state.status) {
    case "checking":
      return <p class="quiet">{say("signInChecking")}</p>;
    case "asked":
      return <OtherPerson token={state.token} detail={state.detail} />;
    case "away":
      return <Away />;
    case "failed":
      return (
        <>
          <h2>{say("unexpectedTitle")}</h2>
          <p>
            {state.message} {state.fix}
          </p>
        </>
      );
    case "signed_out":
      return state.reason === "bad_link" ? <BadLink /> : <NoSession />;
  }
}

export function SignInView({ state }: { state: SignedOutState }) {
  return (
    <main class="welcome">
      <div class="welcome-card">
        <Logo />
        <p class="tagline">{say("tagline")}</p>
        <div class="welcome-state" aria-live="polite">
          {contentOf(state)}
        </div>
      </div>
    </main>
  );
}
