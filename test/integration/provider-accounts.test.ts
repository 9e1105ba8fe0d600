/** Accounts at the provider inside workerd: of one person each, through merging and erasing. */
import { describe, it } from "vitest";
import type { PersonId } from "../../src/core/ids.ts";
import { openCredentials } from "../../src/do/credentials/credentials-client.ts";
import { TRY_RULES } from "../../src/security/sign-in-throttle.ts";
import { CookieBrowser } from "../support/cookie-browser.ts";
import { env } from "../support/integration.ts";

const credentials = () => openCredentials(env);
const newPerson = () => crypto.randomUUID() as PersonId;
const newAccount = () => crypto.randomUUID();

describe("an account at the provider", () => {
  it("is one person's, in place of the one before", async ({ expect }) => {
    const [ada, eve, first, second] = [newPerson(), newPerson(), newAccount(), newAccount()];
    await credentials().linkAccount(ada, first);
    await expect((async () => credentials().linkAccount(eve, first))()).rejects.toMatchObject({
      message: expect.stringContaining("Somebody else has linked this account."),
    });
    await credentials().linkAccount(ada, second);
    expect(await credentials().findLinked(first)).toBeUndefined();
    expect(await credentials().findLinked(second)).toBe(ada);
    expect((await credentials().credentials(ada)).linkedAtMs).toBeGreaterThan(0);
    await credentials().unlinkAccount(ada);
    expect(await credentials().findLinked(second)).toBeUndefined();
    expect((await credentials().credentials(ada)).linkedAtMs).toBeUndefined();
  });

  it("follows its person after /link, and goes when the person does", async ({ expect }) => {
    const [from, into, one, other] = [newPerson(), newPerson(), newAccount(), newAccount()];
    await credentials().linkAccount(from, one);
    await credentials().linkAccount(into, other);
    await credentials().follow(from, into);
    expect(await credentials().findLinked(one)).toBe(into);
    expect(await credentials().findLinked(other)).toBe(into);
    await credentials().forget(into);
    expect(await credentials().findLinked(one)).toBeUndefined();
    expect(await credentials().findLinked(other)).toBeUndefined();
  });
});

describe("the way to the provider", () => {
  it("is answered once", async ({ expect }) => {
    const [state, endMs] = [crypto.randomUUID(), Date.now() + 60_000];
    expect(await credentials().spendFlow(state, endMs)).toBe(true);
    expect(await credentials().spendFlow(state, endMs)).toBe(false);
  });

  it("is begun so often from one address, and what was right costs nothing", async ({ expect }) => {
    const address = "203.0.113.77";
    await credentials().takeTry(address);
    await credentials().takeTry(address);
    await credentials().giveBackTries(address);
    for (let tries = 0; tries < TRY_RULES.address.tries; tries += 1)
      expect(await credentials().takeTry(address)).toBe(0);
    expect(await credentials().takeTry(address)).toBeGreaterThan(0);
  });

  it("does not exist where the box names no provider", async ({ expect }) => {
    const browser = new CookieBrowser();
    expect(await (await browser.call("/api/sign-in/ways")).json()).toEqual({});
    for (const path of ["/api/sign-in/oidc/start", "/api/sign-in/oidc"]) {
      const response = await browser.post(path);
      expect(await response.json()).toMatchObject({
        status: 404,
        code: "sign_in/provider_off",
        title: "This box has no provider to sign in by.",
      });
    }
  });
});
