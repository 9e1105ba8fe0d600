/** A browser page whose every misstep is kept: policy violations, errors, and requests to anybody but its own server. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

/** For everything that a test waits for on the page. */
const DEADLINE_MS = 15_000;
/** How its own server may be called. */
const OWN_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "localhost"]);

export interface WatchedPage {
  context: BrowserContext;
  page: Page;
  /** What went wrong so far, in words; a refused sign-in's 401 is no misstep. */
  missteps(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openWatchedPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    locale: "en-GB",
    serviceWorkers: "block",
    ...options,
  });
  context.setDefaultTimeout(DEADLINE_MS);
  const found: string[] = [];
  await context.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      violations.push(`${violatedDirective} ${blockedURI}`);
    });
  });
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isOwn = OWN_HOSTS.has(hostname) || protocol === "data:" || protocol === "blob:";
    if (!isOwn) found.push(`request to ${request.url()}`);
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => found.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const isNetwork = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isNetwork) found.push(`console: ${message.text()}`);
  });
  return {
    context,
    page,
    async missteps() {
      const violations = await page.evaluate(() =>
        "violations" in window && Array.isArray(window.violations) ? window.violations : ["lost"],
      );
      return [...found, ...violations.map((text) => `policy: ${text}`)];
    },
    close: () => context.close(),
  };
}
