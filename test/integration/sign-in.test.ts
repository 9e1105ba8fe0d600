/** Signed-in devices inside workerd: tokens that are renewed, stolen and ended, and keys that change each day. */
import { runInDurableObject } from "cloudflare:test";
import { decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { accountKey, encodeSessionKey, type PersonId } from "../../src/core/ids.ts";
import { CredentialsObject } from "../../src/do/credentials/credentials.ts";
import { openCredentials } from "../../src/do/credentials/credentials-client.ts";
import { MAX_DEVICES } from "../../src/do/credentials/devices.ts";
import { SIGN_KEY_MS } from "../../src/do/credentials/sign-keys.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { ACCESS_SECONDS } from "../../src/security/access-token.ts";
import { hashToken } from "../../src/security/codes.ts";
import { DEVICE_IDLE_MS, RENEWAL_GRACE_MS } from "../../src/security/refresh-token.ts";
import { CookieBrowser } from "../support/cookie-browser.ts";
import { createAccount, letIn } from "../support/directory.ts";
import { env } from "../support/integration.ts";

const ACCESS_MS = ACCESS_SECONDS * 1000;
const START_MS = Date.UTC(2026, 10, 21, 12);
const HOUR_MS = 3_600_000;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  await rows("DELETE FROM devices; DELETE FROM sign_keys"); // those of the test before stand in another time
  forgetDirectory();
});
afterEach(() => void vi.useRealTimers());

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

async function signIn(browser = new CookieBrowser(), personId?: PersonId): Promise<CookieBrowser> {
  const { token } = await openDirectory(env).createOwnerLink(undefined, personId);
  const response = await browser.post("/api/sign-in", { token });
  if (response.status !== 204) throw new Error(await response.text());
  return browser;
}

async function isSignedIn(browser: CookieBrowser): Promise<boolean> {
  return (await browser.call("/api/me")).status === 200;
}

async function renews(browser: CookieBrowser): Promise<boolean> {
  return (await browser.post("/api/session/renew")).status === 200;
}

function rows(query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(openCredentials(env), (_object, { storage }) =>
    storage.sql.exec(query).toArray(),
  );
}

function sessionOf(conversation: string) {
  return encodeSessionKey({ channel: "telegram", account: "joined", conversation });
}

function kidOf(browser: CookieBrowser): string | undefined {
  return decodeProtectedHeader(browser.get("rockpool_session") ?? "").kid;
}

/** An access token by all appearances, of a key that never was. */
function forgeToken(): string {
  const encode = (part: unknown) =>
    new TextEncoder()
      .encode(JSON.stringify(part))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  const header = { alg: "EdDSA", typ: "JWT", kid: crypto.randomUUID() };
  const signature = new Uint8Array(64).toBase64({ alphabet: "base64url", omitPadding: true });
  return `${encode(header)}.${encode({ sub: "ada" })}.${signature}`;
}

describe("a signed-in device", () => {
  it("is renewed again and again without anybody's doing", async ({ expect }) => {
    const browser = await signIn();
    for (let quarter = 0; quarter < 8; quarter += 1) {
      pass(ACCESS_MS + 60_000);
      expect(await isSignedIn(browser)).toBe(false);
      const renewed = await browser.post("/api/session/renew");
      expect(await renewed.json()).toEqual({ endsInMs: ACCESS_MS });
      expect(renewed.headers.get("cache-control")).toBe("no-store");
      expect(await isSignedIn(browser)).toBe(true);
    }
  });

  it("is kept as hashes: no token stands in the database", async ({ expect }) => {
    const browser = await signIn();
    await renews(browser);
    const kept = JSON.stringify(await rows("SELECT * FROM devices"));
    const refresh = browser.get("rockpool_refresh") ?? "";
    expect(kept).toContain(await hashToken(refresh));
    for (const name of ["rockpool_session", "rockpool_device"])
      expect(kept).not.toContain(browser.get(name));
    expect(kept).not.toContain(refresh.split(".")[1]);
  });

  it("signs in again where it was away for a month", async ({ expect }) => {
    const browser = await signIn();
    pass(DEVICE_IDLE_MS - 1);
    expect(await renews(browser)).toBe(true);
    pass(DEVICE_IDLE_MS);
    expect(await renews(browser)).toBe(false);
  });

  it("has one session: signing in anew ends the one before", async ({ expect }) => {
    const browser = await signIn();
    const before = browser.copy();
    await signIn(browser);
    expect(await isSignedIn(before)).toBe(false);
    expect(await renews(before)).toBe(false);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("goes on with its person when a link of somebody else is opened, until that is confirmed", async ({
    expect,
  }) => {
    const directory = openDirectory(env);
    const account = createAccount({ name: "links", key: accountKey("telegram", "links") });
    await directory.addAccount(account, []);
    const eve = (await letIn(directory, "eve", "links")) as PersonId;
    const browser = await signIn();
    const { token } = await directory.createOwnerLink(undefined, eve);
    const nameOf = async () =>
      ((await (await browser.call("/api/me")).json()) as { name: string }).name;
    pass(ACCESS_MS + HOUR_MS); // the page was closed: the device alone tells who is signed in
    for (let clicks = 0; clicks < 2; clicks += 1) {
      const asked = await browser.post("/api/sign-in", { token });
      expect(asked.status).toBe(409);
      expect(await asked.json()).toMatchObject({
        code: "sign_in/other_person",
        detail: "Owner is signed in here, and this link signs in Name of eve.",
      });
    }
    expect(await renews(browser)).toBe(true);
    expect(await nameOf()).toBe("Owner");
    expect((await browser.post("/api/sign-in", { token, replace: true })).status).toBe(204);
    expect(await nameOf()).toBe("Name of eve");
    expect((await browser.post("/api/sign-in", { token, replace: true })).status).toBe(401);
    expect(await isSignedIn(await signIn(browser, eve))).toBe(true);
  });

  it("is one of a bounded number: the one not seen for longest ends", async ({ expect }) => {
    const first = await signIn();
    const others: CookieBrowser[] = [];
    for (let index = 0; index < MAX_DEVICES; index += 1) {
      pass(1_000);
      others.push(await signIn());
    }
    expect(await isSignedIn(first)).toBe(false);
    expect(await Promise.all(others.map(isSignedIn))).not.toContain(false);
  });

  it("ends with signing out, at once and everywhere that its cookies were copied to", async ({
    expect,
  }) => {
    const browser = await signIn();
    const copy = browser.copy();
    expect((await browser.post("/api/session/sign-out")).status).toBe(204);
    expect(await isSignedIn(copy)).toBe(false);
    expect(await renews(copy)).toBe(false);
    expect(browser.get("rockpool_session")).toBeUndefined();
    expect(browser.get("rockpool_refresh")).toBeUndefined();
    expect(browser.get("rockpool_device")).toBeUndefined();
  });

  it("is refused with what is no token of ours", async ({ expect }) => {
    const browser = await signIn();
    for (const value of ["", "x", "a.b.c", "x".repeat(5_000)]) {
      browser.set("rockpool_session", value);
      const response = await browser.call("/api/me");
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({
        code: "http/unauthorized",
        detail: "Sign in first.",
      });
      const renewing = new CookieBrowser();
      renewing.set("rockpool_refresh", value);
      expect(await renews(renewing)).toBe(false);
    }
  });
});

describe("a refresh token", () => {
  it("that is used again within the grace gets new tokens, and so do two tabs at once", async ({
    expect,
  }) => {
    const browser = await signIn();
    const lost = browser.copy();
    expect(await renews(lost)).toBe(true); // an answer that the page never got
    pass(RENEWAL_GRACE_MS);
    expect(await renews(browser)).toBe(true);
    const [one, other] = [browser.copy(), browser.copy()];
    expect(await Promise.all([renews(one), renews(other)])).toEqual([true, true]);
    pass(ACCESS_MS);
    expect(await renews(one)).toBe(true);
  });

  it("that was stolen ends the session when its copy is used", async ({ expect }) => {
    const browser = await signIn();
    const thief = browser.copy();
    pass(ACCESS_MS);
    expect(await renews(browser)).toBe(true);
    pass(RENEWAL_GRACE_MS + 1);
    expect(await renews(thief)).toBe(false);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await renews(browser)).toBe(false);
  });

  it("that a thief used first ends the thief's session as soon as its owner comes", async ({
    expect,
  }) => {
    const browser = await signIn();
    const thief = browser.copy();
    expect(await renews(thief)).toBe(true);
    pass(ACCESS_MS);
    expect(await renews(browser)).toBe(false);
    expect(await isSignedIn(thief)).toBe(false);
    expect(await renews(thief)).toBe(false);
  });

  it("without its device's own cookie ends the session, and one that is made up ends nothing", async ({
    expect,
  }) => {
    const browser = await signIn();
    const forged = browser.copy();
    forged.drop("rockpool_device");
    const [deviceId = ""] = (browser.get("rockpool_refresh") ?? "").split(".");
    forged.set("rockpool_refresh", `${deviceId}.${"A".repeat(43)}`);
    expect(await renews(forged)).toBe(false);
    expect(await isSignedIn(browser)).toBe(true);

    const thief = new CookieBrowser();
    thief.set("rockpool_refresh", browser.get("rockpool_refresh") ?? "");
    expect(await renews(thief)).toBe(false);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it("of long ago ends the session, also without its device's own cookie", async ({ expect }) => {
    const browser = await signIn();
    const thief = new CookieBrowser();
    thief.set("rockpool_refresh", browser.get("rockpool_refresh") ?? "");
    for (let renewals = 0; renewals < 3; renewals += 1) {
      pass(ACCESS_MS);
      expect(await renews(browser)).toBe(true);
    }
    expect(await renews(thief)).toBe(false);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await renews(browser)).toBe(false);
  });
});

describe("an access token", () => {
  it("is over for good once newer ones were made, also when the clock is set back", async ({
    expect,
  }) => {
    const browser = await signIn();
    const thief = browser.copy();
    pass(HOUR_MS);
    await renews(browser);
    pass(-HOUR_MS + 60_000);
    expect(await isSignedIn(thief)).toBe(false);
    // What was made in the future of the new clock is renewed, and nobody is locked out.
    expect(await isSignedIn(browser)).toBe(false);
    expect(await renews(browser)).toBe(true);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("is signed by a new key each day, while those of the day before last out their time", async ({
    expect,
  }) => {
    const morning = await signIn();
    const dayMs = SIGN_KEY_MS - ACCESS_MS / 2;
    pass(dayMs);
    await renews(morning);
    const first = kidOf(morning);
    pass(ACCESS_MS / 2);
    const evening = await signIn();
    expect(kidOf(evening)).not.toBe(first);
    expect(await isSignedIn(morning)).toBe(true);
    expect(await isSignedIn(evening)).toBe(true);
    const sealed = await rows(
      "SELECT kid, body IS NULL AS forgotten FROM sign_keys ORDER BY created_at_ms",
    );
    expect(sealed.at(-2)).toEqual({ kid: first, forgotten: 1 });
    expect(sealed.at(-1)).toEqual({ kid: kidOf(evening), forgotten: 0 });
    pass(ACCESS_MS + 60_000);
    await openCredentials(env).verifyKeys();
    expect((await rows("SELECT kid FROM sign_keys")).map(({ kid }) => kid)).not.toContain(first);
  });

  it("is let in at once after a new key was made, in the midst of forged tokens, which ask for keys once", async ({
    expect,
  }) => {
    const asking = vi.spyOn(CredentialsObject.prototype, "verifyKeys");
    const yesterday = await signIn();
    expect(await isSignedIn(yesterday)).toBe(true);
    pass(SIGN_KEY_MS);
    asking.mockClear();
    const flood = async () => {
      const forger = new CookieBrowser();
      for (let call = 0; call < 50; call += 1) {
        forger.set("rockpool_session", forgeToken());
        expect(await (await forger.call("/api/me")).json()).toMatchObject({
          status: 401,
          code: "http/unauthorized",
        });
      }
    };
    await flood();
    const today = await signIn();
    expect(kidOf(today)).not.toBe(kidOf(yesterday));
    expect(await isSignedIn(today)).toBe(true);
    await flood();
    expect(asking).toHaveBeenCalledTimes(2);
    asking.mockRestore();
  });

  it("is signed by a key that stands nowhere in plain", async ({ expect }) => {
    const browser = await signIn();
    const [row] = await rows(`SELECT body FROM sign_keys WHERE kid = '${kidOf(browser)}'`);
    const bytes = new Uint8Array(row?.body as ArrayBuffer); // the column of a key that signs
    // An Ed25519 key in PKCS #8 begins so.
    expect(bytes.toHex()).not.toContain("302e020100300506032b6570");
  });
});

describe("people who turn out to be one", () => {
  it("keep their sign-ins, and each device its conversation", async ({ expect }) => {
    const directory = openDirectory(env);
    await directory.addAccount(createAccount({ name: "joined" }), []).catch(() => undefined);
    const owner = await directory.ensureOwner();
    const [ada, phone] = [
      await letIn(directory, "ada", "joined"),
      await letIn(directory, "phone", "joined"),
    ];
    const browser = await signIn(undefined, phone);
    const before = await (await browser.call("/api/me")).json();
    expect(before).toMatchObject({ personId: phone });
    const speaker = { personId: phone, role: "member", name: "x", lang: "en" } as const;
    const code = await directory.createLinkCode(sessionOf("here"), ada);
    await directory.redeemLink({ code, session: sessionOf("there"), speaker });
    forgetDirectory();
    expect(await (await browser.call("/api/me")).json()).toMatchObject({ personId: ada });
    expect(await openCredentials(env).devices(ada)).toHaveLength(1);
    expect(await openCredentials(env).devices(phone)).toEqual([]);
    expect(await rows(`SELECT home_id FROM devices WHERE person_id = '${ada}'`)).toEqual([
      { home_id: phone },
    ]);
    expect(owner.id).not.toBe(ada);
  });
});
