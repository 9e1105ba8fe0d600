/** A person of Telegram and the owner on the page take the copies of their own data, in a real browser. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findChromium, startChromium } from "../support/chromium.ts";
import { runRockpool } from "../support/rockpool-process.ts";
import { startTelegramBox, type TelegramBox } from "../support/telegram-box.ts";
import { openWatchedPage } from "../support/watched-page.ts";

const PUBLIC_URL = "https://box.example";
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const CHAT = 7_001;
const chromium = findChromium();

describe.skipIf(chromium.status === "missing")("a copy of the own data", () => {
  let box: TelegramBox;
  let browser: Browser;
  beforeAll(async () => {
    box = await startTelegramBox({ start: { env: { ROCKPOOL_PUBLIC_URL: PUBLIC_URL } } });
    browser = await startChromium(chromium.status === "found" ? chromium.executablePath : "");
  });
  afterAll(async () => {
    await browser?.close();
    await box?.discard();
  });

  /** What the message said, and the link in it as this machine reaches it. */
  async function askLink(): Promise<{ text: string; link: string }> {
    const before = box.telegram.messagesOf(CHAT).length;
    await box.deliver(box.updates.text(CHAT, "/export"));
    await box.telegram.waitUntil(() => box.telegram.messagesOf(CHAT).length > before, 20_000);
    const text = box.telegram.messagesOf(CHAT).at(-1)?.text ?? "";
    const [link = ""] = /https:\/\/box\.example\/\S+/.exec(text) ?? [];
    return { text, link: link.replace(PUBLIC_URL, box.rockpool.url) };
  }

  async function save(page: Page, press: () => Promise<void>, name: string): Promise<string> {
    const [download] = await Promise.all([page.waitForEvent("download"), press()]);
    const path = join(box.rockpool.dataDir, name);
    await download.saveAs(path);
    return path;
  }

  async function verify(path: string): Promise<string> {
    const verified = await runRockpool(["person", "verify", path]);
    return verified.status === 0 ? "whole" : verified.stdout + verified.stderr;
  }

  it("comes by a link in Telegram, whose opening alone takes nothing, on a phone", async ({
    expect,
  }) => {
    const { text, link } = await askLink();
    expect(text).toContain("The link works once, within 15 minutes");
    const preview = await fetch(link);
    expect([preview.status, await preview.text()]).toEqual([
      200,
      expect.not.stringContaining("tar"),
    ]);
    const { page, missteps, close } = await openWatchedPage(browser, PHONE);
    await page.goto(link);
    const button = page.getByRole("button", { name: "Download my data" });
    await button.waitFor();
    expect(page.url()).toBe(`${box.rockpool.url}/export`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      360,
    );
    // By keyboard, from the top of the page.
    for (let tabs = 0; tabs < 3; tabs += 1) await page.keyboard.press("Tab");
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    const archive = await save(page, () => page.keyboard.press("Enter"), "by-link.tar");
    expect(await verify(archive)).toBe("whole");
    await page.getByText("The download has begun.").waitFor();
    expect(await button.count()).toBe(0);
    expect(await missteps()).toEqual([]);
    await page.goto("about:blank");
    await page.goto(link);
    await button.click();
    await page.getByText("This link was used already, or has expired.").waitFor();
    await page.getByRole("button", { name: "切换到中文" }).click();
    await page.getByRole("heading", { name: "你的数据" }).waitFor();
    await close();
  });

  it("comes from the settings of who is signed in", async ({ expect }) => {
    const { page, missteps, close } = await openWatchedPage(browser);
    await page.goto(box.rockpool.ownerLink.replace(PUBLIC_URL, box.rockpool.url));
    await page.getByRole("link", { name: "Sign-in settings" }).click();
    const press = () => page.getByRole("button", { name: "Download my data" }).click();
    expect(await verify(await save(page, press, "by-page.tar"))).toBe("whole");
    await page.getByText("The download has begun.").waitFor();
    expect(await missteps()).toEqual([]);
    await close();
  });
});
