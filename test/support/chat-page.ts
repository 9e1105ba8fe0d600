/** A real server with a fake model, and a real browser in which its owner is signed in. */
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { startChromium } from "./chromium.ts";
import { type FakeOllama, startFakeOllama } from "./fake-ollama.ts";
import { type RockpoolProcess, startRockpool, until } from "./rockpool-process.ts";
import { openWatchedPage, type WatchedPage } from "./watched-page.ts";

export interface ChatBrowser {
  server: RockpoolProcess;
  model: FakeOllama;
  /** A page of somebody who is not signed in. It closes with the test. */
  open(options?: BrowserContextOptions): Promise<WatchedPage>;
  /** A page of the owner, with an empty conversation; `url` may be another way to the same server. */
  openChat(options?: BrowserContextOptions, url?: string): Promise<WatchedPage>;
  newOwnerLink(): Promise<string>;
  discard(): Promise<void>;
}

export async function startChatBrowser(executablePath: string): Promise<ChatBrowser> {
  // Ended last first, also where a later one does not start.
  const ends: (() => Promise<void>)[] = [];
  const discard = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const model = await startFakeOllama();
    ends.push(() => model.close());
    const server = await startRockpool({ modelUrl: model.url });
    ends.push(() => server.discard());
    const browser = await startChromium(executablePath);
    ends.push(() => browser.close());
    const signedIn = await signIn(browser, server.ownerLink);
    return createChatBrowser({ model, server, browser, signedIn, discard });
  } catch (error) {
    await discard();
    throw error;
  }
}

interface Started {
  model: FakeOllama;
  server: RockpoolProcess;
  browser: Browser;
  signedIn: Awaited<ReturnType<typeof signIn>>;
  discard(): Promise<void>;
}

function createChatBrowser({ model, server, browser, signedIn, discard }: Started): ChatBrowser {
  async function open(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await openWatchedPage(browser, options);
    onTestFinished(() => watched.close());
    return watched;
  }

  return {
    server,
    model,
    open,
    async openChat(options = {}, url = server.pageUrl) {
      const watched = await open({ storageState: signedIn, ...options });
      await watched.page.goto(url);
      await send(watched.page, "/forget yes");
      // The answer of an earlier /forget stands there, too: this one leaves no question.
      await until(
        async () =>
          (await questions(watched.page).count()) === 0 &&
          /^(Forgotten|已抹去)/.test(await lastAnswer(watched.page)),
        "the conversation to be erased",
      );
      return watched;
    },
    async newOwnerLink() {
      const { stdout } = await server.run(["owner-link", "--json"]);
      const { ownerLink } = JSON.parse(stdout) as { ownerLink: string }; // the command's own output
      return ownerLink;
    },
    discard,
  };
}

/** What the browser keeps once the link was opened in it. */
async function signIn(browser: Browser, ownerLink: string) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(ownerLink);
  await page.locator("textarea").waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}

export async function send(page: Page, text: string): Promise<void> {
  await page.locator("textarea").fill(text);
  await page.locator("textarea").press("Enter");
}

/** Whole answers. */
export function answers(page: Page): Locator {
  return page.locator(".from-assistant:not(.running)");
}

/** The answer that is being written. */
export function running(page: Page): Locator {
  return page.locator(".running");
}

/** What the person has said. */
export function questions(page: Page): Locator {
  return page.locator(".from-user .plain");
}

/** Without the line ends that Markdown leaves behind its blocks. */
export async function textOf(element: Locator): Promise<string> {
  return ((await element.textContent()) ?? "").trimEnd();
}

/** Without its time and state. */
export function lastAnswer(page: Page): Promise<string> {
  return textOf(answers(page).last().locator(".said"));
}
