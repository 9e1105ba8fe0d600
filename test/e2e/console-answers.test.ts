/** Answers as they are written, and messages as they are sent, while networks and servers break. */
import { afterAll, beforeAll, beforeEach, describe, it, onTestFinished } from "vitest";
import { openLink } from "../support/breakable-link.ts";
import {
  answers,
  type ChatBrowser,
  lastAnswer,
  questions,
  running,
  send,
  startChatBrowser,
  textOf,
} from "../support/chat-page.ts";
import { findChromium } from "../support/chromium.ts";
import { until } from "../support/rockpool-process.ts";
import { postWebhook } from "../support/signed-webhook.ts";

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

  async function openThroughLink() {
    const link = await openLink(chat.server.url);
    onTestFinished(() => link.close());
    return { link, ...(await chat.openChat({}, link.url)) };
  }

  describe("while somebody else is answered", () => {
    it("shows the place in line, and then the answer", async ({ expect }) => {
      const { page, missteps } = await chat.openChat();
      const made = await chat.server.run(["apikey", "create", "--name", "other", "--json"]);
      const { key } = JSON.parse(made.stdout) as { key: string }; // the command's own output
      chat.model.control({ reply: "words", tokens: 60, tokenMs: 50 });
      const other = fetch(`${chat.server.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "me first" }] }),
      });
      await until(() => chat.model.stats().active === 1, "the other's answer");
      await send(page, "and me");
      await running(page).getByText("Number 1 in line for the model").waitFor();
      chat.model.control({ reply: "echo", tokenMs: 0 });
      expect((await other).status).toBe(200);
      await running(page).waitFor({ state: "detached" });
      expect(await lastAnswer(page)).toBe("echo: and me");
      expect(await missteps()).toEqual([]);
    });
  });

  describe("while an answer is written", () => {
    it("shows it grow, and has it whole after a reload", async ({ expect }) => {
      chat.model.control({ reply: "words", tokens: 40, tokenMs: 20 });
      const { page, missteps } = await chat.openChat();
      await send(page, "tell me");
      await running(page).locator(".block").first().waitFor();
      const early = await textOf(running(page).locator(".said"));
      await running(page).waitFor({ state: "detached" });
      const whole = await lastAnswer(page);
      expect(whole.startsWith(early)).toBe(true);
      expect(whole.length).toBeGreaterThan(early.length);
      expect(whole.split(" ")).toHaveLength(40);
      await page.reload();
      await answers(page).last().waitFor();
      expect(await lastAnswer(page)).toBe(whole);
      expect(await questions(page).last().textContent()).toBe("tell me");
      expect(await missteps()).toEqual([]);
    });

    it("loses no token and shows none twice when the network breaks in the middle", async ({
      expect,
    }) => {
      chat.model.control({ reply: "words", tokens: 200, tokenMs: 40 });
      const { page, link } = await openThroughLink();
      await page.evaluate(() => {
        const seen: string[] = [];
        Object.assign(window, { seen });
        new MutationObserver(() => {
          const said = document.querySelector(".running .said");
          if (said?.textContent) seen.push(said.textContent.trimEnd());
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      await send(page, "tell me more");
      await running(page).locator(".block").first().waitFor();
      const seen = () => page.evaluate(() => ("seen" in window ? (window.seen as string[]) : []));
      link.cut();
      await page.getByText("Connection lost.").waitFor();
      const before = await seen();
      link.mend();
      await running(page).waitFor({ state: "detached" });
      const whole = await lastAnswer(page);
      const all = await seen();
      expect(whole.split(" ")).toHaveLength(200);
      expect(before.length).toBeGreaterThan(0);
      expect(all.length).toBeGreaterThan(before.length + 3);
      expect(all.filter((text) => !whole.startsWith(text))).toEqual([]);
      expect(await page.getByText("Connection lost.").count()).toBe(0);
    });

    it("can be stopped, which frees the model", async ({ expect }) => {
      chat.model.control({ reply: "words", tokens: 5000, tokenMs: 20 });
      chat.model.resetStats();
      const { page } = await chat.openChat();
      await send(page, "never end");
      await running(page).locator(".block").first().waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await running(page).waitFor({ state: "detached" });
      expect(await page.locator(".cut").last().textContent()).toBe("Stopped");
      await until(() => chat.model.stats().aborted === 1, "the model to be freed");
      expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
    });

    it("goes on after the server was killed, and answers once", async ({ expect }) => {
      chat.model.control({ reply: "words", tokens: 60, tokenMs: 20 });
      const { page } = await chat.openChat();
      await send(page, "survive");
      await running(page).locator(".block").first().waitFor();
      await chat.server.kill9Workerd();
      await answers(page).nth(1).waitFor();
      await running(page).waitFor({ state: "detached" });
      expect(await answers(page).count()).toBe(2); // of /forget, and of the question
      expect((await lastAnswer(page)).split(" ")).toHaveLength(60);
    });
  });

  describe("for what is written", () => {
    it("keeps messages of a broken network and sends each once, in order", async ({ expect }) => {
      const { page, link } = await openThroughLink();
      link.cut();
      await send(page, "one");
      await send(page, "two");
      await page.getByText("Not sent yet. Trying again…").first().waitFor();
      link.mend();
      await answers(page).getByText("echo: two").waitFor();
      expect(await questions(page).allTextContents()).toEqual(["one", "two"]);
      expect(await page.locator(".outgoing").count()).toBe(0);
      await page.reload();
      await answers(page).getByText("echo: two").waitFor();
      expect(await questions(page).allTextContents()).toEqual(["one", "two"]);
    });

    it("takes Shift + Enter as a new line, and says before it sends that a text is too long", async ({
      expect,
    }) => {
      const { page } = await chat.openChat();
      const field = page.locator("textarea");
      await field.pressSequentially("a");
      await field.press("Shift+Enter");
      await field.pressSequentially("b");
      await field.press("Enter");
      await answers(page).getByText("echo: a").waitFor();
      expect(await questions(page).last().textContent()).toBe("a\nb");
      await field.fill("x".repeat(32_769));
      expect(await textOf(page.getByRole("alert"))).toContain("Too long by 1 characters.");
      expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    });

    it("takes dropped files, hands them back as they were, and runs none of them", async ({
      expect,
    }) => {
      const { page, missteps } = await chat.openChat();
      const dropped = await page.evaluateHandle(() => {
        const data = new DataTransfer();
        const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>';
        data.items.add(new File([svg], "图 1.svg", { type: "image/svg+xml" }));
        data.items.add(new File([new Uint8Array(20 * 1024 * 1024 + 1)], "big.bin"));
        return data;
      });
      await page.dispatchEvent("main", "dragenter", { dataTransfer: dropped });
      await page.getByText("Drop files to attach them").waitFor();
      await page.dispatchEvent("main", "drop", { dataTransfer: dropped });
      expect(await textOf(page.getByRole("alert"))).toContain("big.bin is larger than 20 MB.");
      await page.locator(".attachments .media-size").waitFor();
      await send(page, "look");
      const file = page.locator(".from-user:not(.outgoing) a.media-file");
      await file.waitFor();
      expect(await file.textContent()).toContain("图 1.svg");
      const href = (await file.getAttribute("href")) ?? "";
      const response = await page.request.get(chat.server.pageUrl + href);
      expect(await response.text()).toContain("<script>1</script>");
      expect(response.headers()["content-type"]).toBe("application/octet-stream");
      expect(response.headers()["content-disposition"]).toMatch(/^attachment; /);
      expect(await missteps()).toEqual([]);
    });

    it("shows an image in place, also one that was pasted", async ({ expect }) => {
      const { page, missteps } = await chat.openChat();
      await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(40, 30);
        canvas.getContext("2d")?.fillRect(0, 0, 40, 30);
        const data = new DataTransfer();
        data.items.add(new File([await canvas.convertToBlob()], "shot.png", { type: "image/png" }));
        const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
        document.querySelector("textarea")?.dispatchEvent(paste);
      });
      await page.locator(".attachments .media-size").waitFor();
      await page.getByRole("button", { name: "Send" }).click();
      const image = page.locator(".from-user:not(.outgoing) .media-image img");
      await image.waitFor();
      const isDrawn = () =>
        image.evaluate((element: HTMLImageElement) => element.naturalWidth === 40);
      await until(isDrawn, "the image");
      expect(await missteps()).toEqual([]);
    });
  });

  it("goes on with the conversation that it is linked to", async ({ expect }) => {
    // A box of its own: the link stays.
    const own = await startChatBrowser(chromium.status === "found" ? chromium.executablePath : "");
    onTestFinished(() => own.discard());
    own.model.control({ reply: "echo" });
    const { server } = own;
    const added = await server.run([
      "channel",
      "add",
      "webhook",
      "--name",
      "shell",
      "--access",
      "open",
      "--json",
    ]);
    const { secret } = JSON.parse(added.stdout).generated;
    const say = async (id: string, text: string) => {
      const message = { id, conversation: "c", user: "u", text };
      const query = { query: "?wait=1" };
      const response = await postWebhook(
        `${server.url}/webhooks/webhook/shell`,
        secret,
        message,
        query,
      );
      return await response.text();
    };
    const { page } = await own.openChat();
    await say("1", "said in the shell");
    const code = /\/link ([A-Z2-9]{8})/.exec(await say("2", "/link"))?.[1] ?? "";
    await send(page, `/link ${code}`);
    await answers(page).getByText("echo: said in the shell").waitFor();
    await send(page, "said on the page");
    await answers(page).getByText("echo: said on the page").waitFor();
    expect(await say("3", "again")).toContain("echo: again");
    await answers(page).getByText("echo: again").waitFor();
    expect(await page.locator(".outgoing").count()).toBe(0);
  });
});
