/** Coming back to the web chat without a link, in a real browser: by password, and by a passkey of a virtual authenticator. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type ChatBrowser, startChatBrowser } from "../support/chat-page.ts";
import { findChromium } from "../support/chromium.ts";
import { postWebhook } from "../support/signed-webhook.ts";

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const PASSWORD = "wide slow green river";
const chromium = findChromium();

async function addAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

async function signOut(page: Page): Promise<void> {
  await page.locator("header").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
}

describe.skipIf(chromium.status === "missing")("signing in again", () => {
  let chat: ChatBrowser;
  beforeAll(async () => {
    chat = await startChatBrowser(chromium.status === "found" ? chromium.executablePath : "");
  });
  afterAll(async () => await chat?.discard());

  it("goes by a password that was set in the settings, on a phone too", async ({ expect }) => {
    const { page, missteps } = await chat.open(PHONE);
    await page.goto(await chat.newOwnerLink());
    await page.getByRole("link", { name: "Sign-in settings" }).click();
    await page.getByText("This device").waitFor();
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByRole("button", { name: "Save the password" }).click();
    await page.getByText("Saved.").waitFor();
    await signOut(page);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("something else entirely");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("The name or the password is wrong.").waitFor();
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This device").waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(360);
    // The wrong password is the one answer that is no success.
    expect((await missteps()).filter((misstep) => !/401/.test(String(misstep)))).toEqual([]);
  });

  it("asks before a link of somebody else takes the place of who is signed in", async ({
    expect,
  }) => {
    const words = ["channel", "add", "webhook", "--name", "desk", "--access", "open", "--json"];
    const { webhookUrl, generated } = JSON.parse((await chat.server.run(words)).stdout);
    const message = { id: crypto.randomUUID(), conversation: "eve", user: "eve", text: "/whoami" };
    await postWebhook(webhookUrl, generated.secret, message, { query: "?wait=1" });
    const { stdout } = await chat.server.run(["sign-in", "link", "eve", "--json"]);
    const { link } = JSON.parse(stdout) as { link: string }; // the command's own output
    const { page } = await chat.open();
    await page.goto(await chat.newOwnerLink());
    await page.locator("textarea").waitFor();
    const whose = async () =>
      (await (await page.request.get(new URL("/api/me", page.url()).href)).json()).name;
    for (const [choice, name] of [
      ["Stay signed in", "Owner"],
      ["Sign in by the link", "eve"],
    ] as const) {
      await page.goto("about:blank");
      await page.goto(link);
      await page.getByText("Owner is signed in here, and this link signs in eve.").waitFor();
      await page.getByRole("button", { name: choice }).click();
      await page.locator("textarea").waitFor();
      expect(await whose()).toBe(name);
    }
  });

  it("goes by a passkey, which is listed and can be removed", async ({ expect }) => {
    const { page } = await chat.open();
    await addAuthenticator(page);
    const link = new URL(await chat.newOwnerLink());
    link.hostname = "localhost";
    await page.goto(link.href);
    await page.getByRole("link", { name: "Sign-in settings" }).click();
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("localhost ·").waitFor();
    await signOut(page);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("localhost ·").waitFor();
    await page.locator(".entry", { hasText: "localhost ·" }).getByRole("button").click();
    await page.getByText("Saved.").waitFor();
    expect(await page.getByText("localhost ·").count()).toBe(0);
  });
});
