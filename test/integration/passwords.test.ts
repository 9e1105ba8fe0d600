/** Names, passwords and passkeys inside workerd: enrolled, used, guessed and forged. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { openCredentials } from "../../src/do/credentials/credentials-client.ts";
import { MAX_WAITING_PASSWORDS } from "../../src/do/credentials/passwords.ts";
import { forgetDirectory, openDirectory } from "../../src/do/directory/directory-client.ts";
import { RATES } from "../../src/limits/rates.ts";
import { FRESH_MS } from "../../src/routes/fresh-sign-in.ts";
import { CHALLENGE_MS } from "../../src/security/passkey-challenge.ts";
import { TRY_RULES } from "../../src/security/sign-in-throttle.ts";
import { BOX_URL, CookieBrowser } from "../support/cookie-browser.ts";
import { env } from "../support/integration.ts";
import { SoftwareAuthenticator } from "../support/software-authenticator.ts";

const PASSWORD = "wide slow green river";
const HOST = "box.example";
const json = { "content-type": "application/json" };

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 21, 12) });
  forgetDirectory();
  await sql(
    "DELETE FROM devices; DELETE FROM sign_keys; DELETE FROM passwords; DELETE FROM tries; DELETE FROM passkeys",
  );
});
afterEach(() => void vi.useRealTimers());

function sql(query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(openCredentials(env), (_object, { storage }) =>
    storage.sql.exec(query).toArray(),
  );
}

async function signIn(): Promise<CookieBrowser> {
  const browser = new CookieBrowser();
  const { token } = await openDirectory(env).createOwnerLink();
  await browser.post("/api/sign-in", { token });
  return browser;
}

function setPassword(browser: CookieBrowser, name = "Ada", password = PASSWORD) {
  const body = JSON.stringify({ name, password });
  return browser.call("/api/me/password", { method: "PUT", headers: json, body });
}

function tryPassword(name: string, password: string, browser = new CookieBrowser()) {
  return browser.post("/api/sign-in/password", { name, password });
}

async function problemOf(response: Response): Promise<{ code: string; detail: string }> {
  return (await response.json()) as { code: string; detail: string }; // a problem of the server under test
}

describe("a password", () => {
  it("signs in on another device, however its name is written", async ({ expect }) => {
    const browser = await signIn();
    expect((await setPassword(browser)).status).toBe(204);
    const other = new CookieBrowser();
    expect((await tryPassword(" ADA ", PASSWORD, other)).status).toBe(204);
    const me = (await (await other.call("/api/me")).json()) as { role: string };
    expect(me.role).toBe("owner");
    const devices = await (await other.call("/api/me/devices")).json();
    expect(devices).toMatchObject([
      { method: "password", isThis: true },
      { method: "link", isThis: false },
    ]);
  });

  it("is refused in the same words whether the name or the password is wrong", async ({
    expect,
  }) => {
    await setPassword(await signIn());
    const answers = [
      await tryPassword("ada", `${PASSWORD}!`),
      await tryPassword("nobody", PASSWORD),
      await tryPassword("\u0000", PASSWORD),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await problemOf(answer)).toMatchObject({
        code: "sign_in/refused",
        detail: "The name or the password is wrong.",
      });
    }
  });

  it("is kept sealed: neither it nor its hash stands in the database", async ({ expect }) => {
    await setPassword(await signIn());
    const [row] = await sql("SELECT * FROM passwords");
    const text = new TextDecoder("latin1").decode(row?.body as ArrayBuffer); // the column of the record
    expect(row?.name).toBe("ada");
    expect(text).not.toContain("hash");
    expect(text).not.toContain(PASSWORD);
  });

  it("is guessed ten times, and then nobody guesses for a while, not even rightly", async ({
    expect,
  }) => {
    await setPassword(await signIn());
    for (let index = 0; index < TRY_RULES.name.tries; index += 1)
      expect((await tryPassword("ada", "not the right words")).status).toBe(401);
    const refused = await tryPassword("ada", PASSWORD);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("180");
    expect(await problemOf(refused)).toMatchObject({
      code: "sign_in/throttled",
      detail: "Too many wrong tries.",
    });
    vi.setSystemTime(Date.now() - 24 * 3_600_000);
    expect((await tryPassword("ada", PASSWORD)).status).toBe(429);
    vi.setSystemTime(Date.now() + TRY_RULES.name.backMs);
    expect((await tryPassword("ada", PASSWORD)).status).toBe(204);
    expect((await tryPassword("ada", PASSWORD)).status).toBe(204); // a right one costs nothing
  }, 60_000);

  it("waits in a bounded line", async ({ expect }) => {
    const tries = Array.from({ length: MAX_WAITING_PASSWORDS + 3 }, (_, index) =>
      tryPassword(`somebody ${index}`, PASSWORD),
    );
    const statuses = (await Promise.all(tries)).map((response) => response.status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(MAX_WAITING_PASSWORDS);
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  });

  it("that is new ends all other sessions, and needs length more than signs", async ({
    expect,
  }) => {
    const [browser, other] = [await signIn(), await signIn()];
    for (const bad of ["short", "aaaaaaaaaaaaaaa", "adaadaadaada", "ada12345678"])
      expect(await problemOf(await setPassword(browser, "ada", bad))).toMatchObject({
        code: "sign_in/bad_password",
      });
    expect(await problemOf(await setPassword(browser, "\u202e"))).toMatchObject({
      code: "sign_in/bad_password",
    });
    expect((await other.call("/api/me")).status).toBe(200);
    await setPassword(browser);
    expect((await other.call("/api/me")).status).toBe(401);
    expect((await browser.call("/api/me")).status).toBe(200);
  });

  it("of before opens nothing, also where it waited in line while it was changed", async ({
    expect,
  }) => {
    const browser = await signIn();
    await setPassword(browser);
    const owner = await openDirectory(env).ensureOwner();
    const credentials = openCredentials(env);
    const [, tried] = await Promise.all([
      credentials.setPassword(owner.id, { name: "ada", password: `${PASSWORD} anew` }),
      credentials.tryPassword({ name: "ada", password: PASSWORD }),
    ]);
    expect(tried).toEqual({ status: "refused" });
    expect((await tryPassword("ada", `${PASSWORD} anew`)).status).toBe(204);
  });

  it("is changed only soon after signing in", async ({ expect }) => {
    const browser = await signIn();
    vi.setSystemTime(Date.now() + FRESH_MS + 1_000);
    await browser.post("/api/session/renew");
    expect(await (await browser.call("/api/me/credentials")).json()).toEqual({
      passkeys: [],
      canChange: false,
    });
    expect(await problemOf(await setPassword(browser))).toMatchObject({
      code: "sign_in/stale",
      detail: "For this you must have signed in within the last hour.",
    });
  });
});

async function challengeOf(response: Response): Promise<string> {
  return ((await response.json()) as { challenge: string }).challenge; // options of the server under test
}

async function enrol(browser: CookieBrowser, change: object = {}) {
  const authenticator = await SoftwareAuthenticator.create();
  const challenge = await challengeOf(await browser.post("/api/me/passkeys/options"));
  const ceremony = { challenge, origin: BOX_URL, host: HOST, ...change };
  const response = await authenticator.enrol(ceremony);
  return { authenticator, added: await browser.post("/api/me/passkeys", { response }) };
}

async function ceremonyOf(browser: CookieBrowser) {
  const challenge = await challengeOf(await browser.post("/api/sign-in/passkey/options"));
  return { challenge, origin: BOX_URL, host: HOST };
}

describe("a passkey", () => {
  it("is added, signs in on another device, and is removed", async ({ expect }) => {
    const browser = await signIn();
    const { authenticator, added } = await enrol(browser);
    expect(added.status).toBe(204);
    const other = new CookieBrowser();
    const answer = await authenticator.answer(await ceremonyOf(other));
    expect((await other.post("/api/sign-in/passkey", answer)).status).toBe(204);
    const own = (await (await other.call("/api/me/credentials")).json()) as {
      passkeys: { id: string; host: string; usedAtMs: number }[];
    };
    expect(own.passkeys).toMatchObject([{ host: HOST, usedAtMs: Date.now() }]);
    const remove = () =>
      other.call(`/api/me/passkeys/${own.passkeys[0]?.id}`, { method: "DELETE" });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
    const again = await authenticator.answer(await ceremonyOf(other));
    expect((await new CookieBrowser().post("/api/sign-in/passkey", again)).status).toBe(401);
  });

  it("answers each challenge once, in time, for this page, by its own key, with a person there", async ({
    expect,
  }) => {
    const { authenticator } = await enrol(await signIn());
    const thief = new CookieBrowser();
    const use = async (answer: unknown) =>
      (await thief.post("/api/sign-in/passkey", answer)).status;
    const right = await authenticator.answer(await ceremonyOf(thief));
    expect(await use(right)).toBe(204);
    expect(await use(right)).toBe(401);
    const late = await authenticator.answer(await ceremonyOf(thief));
    vi.setSystemTime(Date.now() + CHALLENGE_MS);
    expect(await use(late)).toBe(401);

    const stranger = await SoftwareAuthenticator.create();
    stranger.id.set(authenticator.id);
    stranger.counter = 99;
    const ceremony = await ceremonyOf(thief);
    const madeUp = btoa(`${Date.now() + 60_000}.${crypto.randomUUID()}.${"0".repeat(64)}`);
    const wrong = [
      await stranger.answer(ceremony),
      await authenticator.answer({ ...ceremony, origin: "https://evil.example" }),
      await authenticator.answer({ ...ceremony, host: "evil.example" }),
      await authenticator.answer({ ...ceremony, flags: 0x01 }),
      await authenticator.answer({ ...ceremony, challenge: madeUp.replace(/=+$/, "") }),
      { ...right, response: {} },
    ];
    for (const [index, answer] of wrong.entries())
      expect([400, 401], `number ${index}`).toContain(await use(answer));
    authenticator.counter = 1; // a copy that counts on its own
    expect(await use(await authenticator.answer(await ceremonyOf(thief)))).toBe(401);
    authenticator.counter = 500;
    expect(await use(await authenticator.answer(await ceremonyOf(thief)))).toBe(204);
  });

  it("that is made up again and again from one address is told to wait", async ({ expect }) => {
    const browser = new CookieBrowser();
    const stranger = await SoftwareAuthenticator.create();
    const answer = await stranger.answer(await ceremonyOf(browser));
    const use = (clientIp: string) =>
      browser.call("/api/sign-in/passkey", {
        method: "POST",
        body: JSON.stringify(answer),
        cf: { clientIp },
      });
    for (let tries = 0; tries < RATES.address.burst; tries += 1)
      expect((await problemOf(await use("192.0.2.91:1"))).code).toBe("sign_in/passkey_refused");
    const late = await use("192.0.2.91:2");
    expect([late.status, late.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await problemOf(late)).toMatchObject({
      code: "rate/limited",
      detail: "These calls come too fast.",
    });
    expect((await use("192.0.2.92:1")).status).toBe(401);
  });

  it("is not added by a challenge for another purpose, another page or another person", async ({
    expect,
  }) => {
    const browser = await signIn();
    const { challenge } = await ceremonyOf(browser);
    expect((await enrol(browser, { challenge })).added.status).toBe(401);
    expect((await enrol(browser, { origin: "https://evil.example" })).added.status).toBe(401);
    expect((await enrol(browser, { flags: 0x01 })).added.status).toBe(401);
    expect(await sql("SELECT id FROM passkeys")).toEqual([]);
  });
});
