/** The page's own buttons for the provider, in a real browser: of a public client, on a box that reaches what is listed. */
import { describe, it, onTestFinished } from "vitest";
import { findChromium, startChromium } from "../support/chromium.ts";
import { CLIENT_ID, startOidcServer } from "../support/oidc-server.ts";
import { startRockpool, temporaryFolder } from "../support/rockpool-process.ts";

const chromium = findChromium();

describe.skipIf(chromium.status === "missing")("the page and the provider", () => {
  it("link an account, and sign in by it", async ({ expect }) => {
    const provider = await startOidcServer({ isPublic: true });
    onTestFinished(() => provider.close());
    const env = {
      ROCKPOOL_OIDC_ISSUER: provider.issuer,
      ROCKPOOL_OIDC_CLIENT_ID: CLIENT_ID,
      ROCKPOOL_EGRESS: "listed",
    };
    const box = await startRockpool({ dataDir: temporaryFolder(), env });
    onTestFinished(() => box.discard());
    provider.register(`${box.pageUrl}/oidc`);
    const executablePath = chromium.status === "found" ? chromium.executablePath : "";
    const browser = await startChromium(executablePath);
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ locale: "en" });
    await page.goto(box.ownerLink);
    await page.getByRole("link", { name: "Sign-in settings" }).click();
    await page.getByRole("button", { name: "Link an account" }).click();
    await page.getByPlaceholder("Enter any login").fill("ada");
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button").click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Linked since").waitFor();
    expect(page.url()).toBe(`${box.pageUrl}/settings`);
    await page.locator("header").getByRole("button", { name: "Sign out" }).click();
    const { host } = new URL(provider.issuer);
    await page.getByRole("button", { name: `Sign in with ${host}` }).click();
    await page.getByText("Ask me anything").waitFor();
    expect(page.url()).toBe(`${box.pageUrl}/`);
    await page.getByRole("link", { name: "Sign-in settings" }).click();
    await page.getByRole("button", { name: "Unlink" }).click();
    await page.getByText("Saved.").waitFor();
    expect(await page.getByText("Linked since").count()).toBe(0);
  });
});
