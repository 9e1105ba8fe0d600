/** Signing in by a provider: the real one of another project, on loopback, and the real box. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { BoxBrowser } from "../support/box-browser.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type OidcServer,
  passProvider,
  startOidcServer,
} from "../support/oidc-server.ts";
import {
  type RockpoolProcess,
  startRockpool,
  temporaryFolder,
  until,
} from "../support/rockpool-process.ts";

const REFUSED = {
  status: 401,
  code: "sign_in/provider_refused",
  title: "The provider's answer does not open this box.",
};

let provider: OidcServer;
let box: RockpoolProcess;

beforeAll(async () => {
  provider = await startOidcServer();
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, "oidc-secret"), `${CLIENT_SECRET}\n`, { mode: 0o600 });
  const env = { ROCKPOOL_OIDC_ISSUER: provider.issuer, ROCKPOOL_OIDC_CLIENT_ID: CLIENT_ID };
  box = await startRockpool({ dataDir, env });
  provider.register(`${box.url}/oidc`);
});

afterAll(async () => {
  await box?.discard();
  await provider?.close();
});

interface Answer {
  code: string;
  state: string;
  iss: string;
}

async function locationOf(response: Response): Promise<string> {
  const { location } = (await response.json()) as { location: string }; // the start's answer
  return location;
}

/** From the page to the provider, through it as `account`, and what it sends back to the page. */
async function pass(
  browser: BoxBrowser,
  account: string,
  { way = "/api/sign-in/oidc", change = (url: URL) => url } = {},
): Promise<Answer> {
  const location = new URL(await locationOf(await browser.post(`${way}/start`)));
  const back = await passProvider(change(location).href, account);
  if (back.origin + back.pathname !== `${box.url}/oidc`) throw new Error(back.href);
  const read = (name: string) => back.searchParams.get(name) ?? "";
  return { code: read("code"), state: read("state"), iss: read("iss") };
}

async function problemOf(response: Response): Promise<object> {
  const { status, code, title } = (await response.json()) as Record<string, unknown>;
  return { status, code, title };
}

async function signInByLink(): Promise<BoxBrowser> {
  const browser = new BoxBrowser(box.url);
  const { stdout } = await box.run(["owner-link", "--json"]);
  const token = /#owner=([\w-]+)/.exec(stdout)?.[1];
  const { status } = await browser.post("/api/sign-in", { token });
  if (status !== 204) throw new Error(`the link answered ${status}`);
  return browser;
}

async function link(account: string): Promise<BoxBrowser> {
  const browser = await signInByLink();
  const way = "/api/me/oidc";
  const { status } = await browser.post(way, await pass(browser, account, { way }));
  if (status !== 204) throw new Error(`linking answered ${status}`);
  return browser;
}

describe("signing in by a provider", () => {
  it("opens the box to whom has linked the account, until it is unlinked", async ({ expect }) => {
    const own = await link("ada");
    const browser = new BoxBrowser(box.url);
    const ways = await browser.call("GET", "/api/sign-in/ways");
    expect(await ways.json()).toEqual({ provider: new URL(provider.issuer).host });
    const answer = await pass(browser, "ada");
    expect((await browser.post("/api/sign-in/oidc", answer)).status).toBe(204);
    const me = (await (await browser.call("GET", "/api/me")).json()) as { role: string };
    expect(me.role).toBe("owner");
    const devices = await (await browser.call("GET", "/api/me/devices")).json();
    expect(devices).toContainEqual(expect.objectContaining({ method: "oidc", isThis: true }));
    expect((await own.call("DELETE", "/api/me/oidc")).status).toBe(204);
    const again = await browser.post("/api/sign-in/oidc", await pass(browser, "ada"));
    expect(await problemOf(again)).toMatchObject({ code: "sign_in/provider_unknown" });
  });

  it("makes nobody of an account that nobody has linked", async ({ expect }) => {
    const browser = new BoxBrowser(box.url);
    const answer = await browser.post("/api/sign-in/oidc", await pass(browser, "eve"));
    expect(await problemOf(answer)).toEqual({
      status: 401,
      code: "sign_in/provider_unknown",
      title: "Nobody here has linked this account.",
    });
    expect((await browser.call("GET", "/api/me")).status).toBe(401);
  });

  it("takes an answer once, and a code once", async ({ expect }) => {
    await link("ada");
    const browser = new BoxBrowser(box.url);
    const answer = await pass(browser, "ada");
    expect((await browser.post("/api/sign-in/oidc", answer)).status).toBe(204);
    expect(await problemOf(await browser.post("/api/sign-in/oidc", answer))).toEqual(REFUSED);
    const { state } = await pass(browser, "ada");
    const replayed = { ...answer, state };
    expect(await problemOf(await browser.post("/api/sign-in/oidc", replayed))).toEqual(REFUSED);
  });

  it("takes no answer of another browser, purpose, nonce or issuer", async ({ expect }) => {
    const own = await link("ada");
    const browser = new BoxBrowser(box.url);
    const answer = await pass(browser, "ada");
    const refuse = async (from: BoxBrowser, given: Answer, way = "/api/sign-in/oidc") =>
      expect(await problemOf(await from.post(way, given))).toEqual(REFUSED);
    await refuse(new BoxBrowser(box.url), answer);
    await refuse(browser, { ...answer, state: `${answer.state.slice(0, -2)}xx` });
    await refuse(browser, { ...answer, iss: "https://elsewhere.example" });
    await refuse(own, await pass(own, "ada"), "/api/me/oidc");
    const change = (url: URL) => {
      url.searchParams.set("nonce", "of somebody else");
      return url;
    };
    await refuse(browser, await pass(browser, "ada", { change }));
    expect((await browser.call("GET", "/api/me")).status).toBe(401);
  });

  it("is begun so often in a row, and then not for a while", async ({ expect }) => {
    const browser = new BoxBrowser(box.url);
    let last = await browser.post("/api/sign-in/oidc/start");
    for (let tries = 0; tries < 30 && last.status === 200; tries += 1)
      last = await browser.post("/api/sign-in/oidc/start");
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await problemOf(last)).toEqual({
      status: 429,
      code: "sign_in/throttled",
      title: "Too many wrong tries.",
    });
  });

  it("is in the audit log, accepted and refused", async ({ expect }) => {
    const told = async () => (await box.run(["audit", "list", "--json"])).stdout;
    await until(async () => /signin\.refused.*"oidc"/.test(await told()), "the refusal");
    expect(await told()).toMatch(/signin\.accepted.*"oidc"/);
    expect(await told()).toMatch(/signin\.enrolled.*"linked"/);
  });
});
