/** The web chat in a real browser, against the real server with a fake model. */
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import {
  answers,
  type ChatBrowser,
  lastAnswer,
  running,
  send,
  startChatBrowser,
  textOf,
} from "../support/chat-page.ts";
import { findChromium } from "../support/chromium.ts";
import { until } from "../support/rockpool-process.ts";

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const chromium = findChromium();

describe.skipIf(chromium.status === "missing")("the web chat", () => {
  let chat: ChatBrowser;
  beforeAll(async () => {
    chat = await startChatBrowser(chromium.status === "found" ? chromium.executablePath : "");
  });
  beforeEach(() => {
    chat.model.control({ reply: "echo", tokens: 8, tokenMs: 0 });
  });
  afterAll(async () => await chat?.discard());

  describe("for a stranger", () => {
    it("says what this is and how its owner gets in, and nothing else", async ({ expect }) => {
      const { page, missteps } = await chat.open();
      await page.goto(chat.server.pageUrl);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(await textOf(page.locator("main"))).toContain("rockpool owner-link");
      expect(await page.locator("textarea").count()).toBe(0);
      const answered = await Promise.all(
        ["/api/me", "/api/chat/history", "/api/chat/stream"].map((path) =>
          page.request.get(chat.server.pageUrl + path),
        ),
      );
      expect(answered.map((response) => response.status())).toEqual([401, 401, 401]);
      expect(await missteps()).toEqual([]);
    });

    it("takes an owner link once, and keeps its token out of the address", async ({ expect }) => {
      const link = await chat.newOwnerLink();
      const { page } = await chat.open();
      await page.goto(chat.server.pageUrl);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.goto(link); // only the fragment changes: the page stays open
      await page.locator("textarea").waitFor();
      expect(page.url()).toBe(`${chat.server.pageUrl}/`);

      const second = await chat.open();
      await second.page.goto(link);
      await second.page
        .getByRole("heading", { name: "This link does not work any more" })
        .waitFor();
      expect(await textOf(second.page.locator("main"))).toContain("rockpool owner-link");
      expect(second.page.url()).toBe(`${chat.server.pageUrl}/`);
    });

    it("is what the page is again after signing out", async ({ expect }) => {
      const { context, page } = await chat.open();
      await page.goto(await chat.newOwnerLink());
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(await context.cookies()).toEqual([]);
    });
  });

  describe("for what the model says", () => {
    it("runs and loads nothing, and violates no policy", async ({ expect }) => {
      const { page, missteps } = await chat.openChat();
      const hostile = [
        "x",
        "<script>window.hit=1</script><img src=x onerror=window.hit=1>",
        "![p](https://evil.example/p.png?secret) [j](javascript:window.hit=1) [d](data:text/html,x)",
        "| a |\n|:-:|\n| <iframe src=//evil.example> |",
        "[fine](https://good.example/)",
      ];
      await send(page, hostile.join("\n\n"));
      const said = answers(page).last().locator(".said");
      await said.getByText("fine").waitFor();
      const links = await said
        .locator("a")
        .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
      expect(links).toEqual(["https://evil.example/p.png?secret", "https://good.example/"]);
      expect(await said.locator("img, script, iframe").count()).toBe(0);
      expect(await page.evaluate(() => "hit" in window)).toBe(false);
      expect(await missteps()).toEqual([]);
    });

    it("offers code to copy", async ({ expect }) => {
      const { page, context } = await chat.openChat();
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      await send(page, "code:\n\n```js\nlet a = 1;\nlet b = 2;\n```");
      await answers(page).last().locator("figure").waitFor();
      await page.getByRole("button", { name: "Copy" }).click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
        "let a = 1;\nlet b = 2;",
      );
    });
  });

  describe("on a phone, in another language, in the dark", () => {
    it("never scrolls sideways, whatever an answer holds", async ({ expect }) => {
      const { page, missteps } = await chat.openChat(PHONE);
      const row = `|${" a long cell |".repeat(12)}`;
      const wide = [
        "w".repeat(300),
        `\`\`\`\n${"c".repeat(300)}\n\`\`\``,
        `${row}\n|${"---|".repeat(12)}\n${row}`,
      ];
      await send(page, wide.join("\n\n"));
      await answers(page).last().locator("table").waitFor();
      const [content, screen] = await page.evaluate(() => [
        Math.max(
          document.documentElement.scrollWidth,
          document.querySelector(".list")?.scrollWidth ?? 0,
        ),
        innerWidth,
      ]);
      expect(content).toBeLessThanOrEqual(screen ?? 0);
      const sizes = await page
        .locator("header button, .composer button")
        .evaluateAll((all) =>
          all.map((button) => Math.min(button.clientWidth, button.clientHeight)),
        );
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(40);
      expect(await missteps()).toEqual([]);
    });

    it("speaks Chinese to a Chinese browser, and remembers another choice", async ({ expect }) => {
      const { page } = await chat.openChat({ locale: "zh-CN" });
      expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
      await send(page, "/help");
      await answers(page).getByText("直接给我发消息就行").waitFor();
      await page.getByRole("button", { name: "Switch to English" }).click();
      await page.getByRole("button", { name: "Send" }).waitFor();
      await page.reload();
      await page.getByRole("button", { name: "Send" }).waitFor();
      expect(await page.locator("html").getAttribute("lang")).toBe("en");
      await send(page, "/whoami");
      await answers(page).getByText("Owner").waitFor();
    });

    it("follows the device's colours until one is chosen", async ({ expect }) => {
      const { page } = await chat.openChat({ colorScheme: "dark" });
      const ground = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      expect(await ground()).toBe("rgb(16, 21, 20)");
      await page.getByRole("button", { name: "Colours: as the device" }).click();
      expect(await ground()).toBe("rgb(246, 247, 245)");
      await page.reload();
      expect(await ground()).toBe("rgb(246, 247, 245)");
    });
  });

  describe("for people who do not use a mouse or a screen", () => {
    it("names every control and reaches each by keyboard", async ({ expect }) => {
      const { page } = await chat.openChat();
      const unnamed = await page
        .locator("button, a, textarea, input:not([type=file])")
        .evaluateAll(
          (all) =>
            all.filter(
              (element) => !element.getAttribute("aria-label") && !element.textContent?.trim(),
            ).length,
        );
      expect(unnamed).toBe(0);
      await page.locator("textarea").fill("x");
      const reached: string[] = [];
      for (let presses = 0; presses < 9; presses += 1) {
        await page.keyboard.press("Tab");
        reached.push(
          await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""),
        );
      }
      for (const name of [
        "切换到中文",
        "Sign out",
        "Conversation",
        "Attach files",
        "Message",
        "Send",
      ])
        expect(reached).toContain(name);
    });

    it("reads a whole answer out, once", async ({ expect }) => {
      chat.model.control({ reply: "words", tokens: 30, tokenMs: 10 });
      const { page } = await chat.openChat();
      const region = page.locator("[aria-live=polite]").first();
      await until(async () => (await textOf(region)).startsWith("Forgotten"), "the first one");
      await page.evaluate(() => {
        const announced: string[] = [];
        Object.assign(window, { announced });
        const region = document.querySelector("[aria-live=polite]");
        if (!region) throw new TypeError("no live region");
        new MutationObserver(() => announced.push(region.textContent ?? "")).observe(region, {
          childList: true,
          characterData: true,
          subtree: true,
        });
      });
      await send(page, "read to me");
      await running(page).waitFor();
      await running(page).waitFor({ state: "detached" });
      const whole = await lastAnswer(page);
      const announced = () =>
        page.evaluate(() => ("announced" in window ? (window.announced as string[]) : []));
      await until(async () => (await announced()).length > 0, "the announcement");
      expect(await announced()).toEqual([whole]);
    });
  });

  it("loads older messages when somebody scrolls up, and keeps the place", async ({ expect }) => {
    const { page } = await chat.openChat();
    for (let at = 1; at <= 40; at += 1) {
      const answer = `echo: message ${at}.`;
      await send(page, `message ${at}.`);
      await answers(page).getByText(answer, { exact: true }).waitFor();
    }
    await page.reload();
    await answers(page).getByText("echo: message 40.").waitFor();
    expect(await page.getByText("message 1.", { exact: true }).count()).toBe(0);
    const first = page.locator(".from-user .plain").first();
    const oldestText = await textOf(first);
    await page.locator(".list").hover();
    await page.mouse.wheel(0, -100_000);
    await page.getByText("message 1.", { exact: true }).waitFor({ state: "attached" });
    expect(await page.getByText(oldestText, { exact: true }).isVisible()).toBe(true);
    await page.getByRole("button", { name: "Go to the newest message" }).click();
    await page
      .getByRole("button", { name: "Go to the newest message" })
      .waitFor({ state: "detached" });
    expect(await answers(page).last().isVisible()).toBe(true);
  });
});
