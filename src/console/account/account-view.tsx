/** Settings: the devices that are signed in, the passkeys, the password, and the copy of one's own data. */
import { useEffect } from "preact/hooks";
import type { Credentials, DeviceSummary } from "../../core/sign-in-protocol.ts";
import { language, say } from "../preferences.ts";
import { leaveSession } from "../session.ts";
import {
  act,
  canUsePasskeys,
  credentials,
  devices,
  isBusy,
  loadAccount,
  outcome,
} from "./account.ts";
import {
  addPasskey,
  endDevice,
  endOtherDevices,
  removePasskey,
  removePassword,
  setPassword,
} from "./calls.ts";
import { takeOwnExport } from "./export.ts";
import { leaveToLink, provider, unlinkProvider } from "./provider.ts";

function renderDay(ms: number): string {
  const locale = language.value === "zh" ? "zh-CN" : "en";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

function Device({ device }: { device: DeviceSummary }) {
  const { id, name, lastSeenAtMs, isThis } = device;
  const end = () => (isThis ? leaveSession() : endDevice(id));
  return (
    <li class="entry">
      <span>
        {name}
        <small>
          {isThis ? say("thisDevice") : say("lastSeen", { when: renderDay(lastSeenAtMs) })}
        </small>
      </span>
      <button
        type="button"
        class="link"
        disabled={isBusy.value}
        aria-label={say("endDevice", { name })}
        onClick={() => void act(end, say("ended"))}
      >
        {say("signOut")}
      </button>
    </li>
  );
}

function Devices() {
  return (
    <section>
      <h2>{say("devices")}</h2>
      <ul class="entries">
        {devices.value.map((device) => (
          <Device key={device.id} device={device} />
        ))}
      </ul>
      {devices.value.length > 1 ? (
        <button
          type="button"
          class="button plain-button"
          disabled={isBusy.value}
          onClick={() => void act(endOtherDevices, say("ended"))}
        >
          {say("endOthers")}
        </button>
      ) : null}
    </section>
  );
}

function Passkeys({ own }: { own: Credentials }) {
  return (
    <section>
      <h2>{say("passkeys")}</h2>
      <ul class="entries">
        {own.passkeys.map(({ id, name, host, createdAtMs }) => (
          <li class="entry" key={id}>
            <span>
              {name}
              <small>
                {host} · {renderDay(createdAtMs)}
              </small>
            </span>
            <button
              type="button"
              class="link"
              disabled={isBusy.value || !own.canChange}
              aria-label={say("removeFile", { name })}
              onClick={() => void act(() => removePasskey(id), say("saved"))}
            >
              {say("remove")}
            </button>
          </li>
        ))}
      </ul>
      {canUsePasskeys() ? (
        <button
          type="button"
          class="button"
          disabled={isBusy.value || !own.canChange}
          onClick={() => void act(addPasskey, undefined)}
        >
          {say("addPasskey")}
        </button>
      ) : (
        <p class="quiet">{say("passkeysNeedHttps")}</p>
      )}
    </section>
  );
}

function Password({ own }: { own: Credentials }) {
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement; // the form that this handles
    const fields = new FormData(form);
    const [name, password] = [String(fields.get("name")), String(fields.get("password"))];
    void act(() => setPassword(name, password).then(() => form.reset()), say("saved"));
  }

  return (
    <section>
      <h2>{say("password")}</h2>
      <form class="fields" onSubmit={submit}>
        <label>
          {say("signInName")}
          <input
            name="name"
            autocomplete="username"
            required
            maxLength={64}
            value={own.name ?? ""}
          />
        </label>
        <label>
          {say("newPassword")}
          <input
            name="password"
            type="password"
            autocomplete="new-password"
            required
            minLength={12}
            maxLength={256}
          />
        </label>
        <p class="quiet">{say("passwordHow")}</p>
        <button type="submit" class="button" disabled={isBusy.value || !own.canChange}>
          {say("savePassword")}
        </button>
        {own.name === undefined ? null : (
          <button
            type="button"
            class="link"
            disabled={isBusy.value || !own.canChange}
            onClick={() => void act(removePassword, say("saved"))}
          >
            {say("removePassword")}
          </button>
        )}
      </form>
    </section>
  );
}

function Provider({ own, name }: { own: Credentials; name: string }) {
  const { linkedAtMs } = own;
  return (
    <section>
      <h2>{say("provider", { name })}</h2>
      {linkedAtMs === undefined ? null : (
        <p class="quiet">{say("linkedSince", { when: renderDay(linkedAtMs) })}</p>
      )}
      <button
        type="button"
        class="button"
        disabled={isBusy.value || !own.canChange}
        onClick={() => void act(leaveToLink, undefined)}
      >
        {say(linkedAtMs === undefined ? "linkProvider" : "linkAnother")}
      </button>
      {linkedAtMs === undefined ? null : (
        <button
          type="button"
          class="link"
          disabled={isBusy.value || !own.canChange}
          onClick={() => void act(unlinkProvider, say("saved"))}
        >
          {say("unlinkProvider")}
        </button>
      )}
    </section>
  );
}

function OwnData({ own }: { own: Credentials }) {
  return (
    <section>
      <h2>{say("exportTitle")}</h2>
      <p class="quiet">{say("exportHow")}</p>
      <button
        type="button"
        class="button"
        disabled={isBusy.value || !own.canChange}
        onClick={() => void act(takeOwnExport, say("exportBegun"))}
      >
        {say("exportDownload")}
      </button>
    </section>
  );
}

export function AccountView() {
  useEffect(() => void loadAccount(), []);
  const own = credentials.value;
  return (
    <main class="settings">
      <div class="settings-column">
        <a class="link" href="/">
          {say("backToChat")}
        </a>
        <p class={outcome.value?.isTrouble ? "trouble" : "quiet"} role="status">
          {outcome.value?.text}
        </p>
        {own && !own.canChange ? <p class="quiet">{say("changeNeedsSignIn")}</p> : null}
        <Devices />
        {own ? <Passkeys own={own} /> : null}
        {own && provider.value !== undefined ? <Provider own={own} name={provider.value} /> : null}
        {own ? <Password own={own} /> : null}
        {own ? <OwnData own={own} /> : null}
      </div>
    </main>
  );
}
