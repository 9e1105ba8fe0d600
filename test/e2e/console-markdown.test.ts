/** The parts of the console's Markdown that need a browser: the second wall, and drawing in place. */
import { join } from "node:path";
import { buildSync } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findChromium, startChromium } from "../support/chromium.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const chromium = findChromium();

/** Both modules as one script that sets `parts`. */
function bundleParts(): string {
  const result = buildSync({
    stdin: {
      contents: `export { sanitise } from "./sanitise.ts"; export { patchChildren } from "./patch-dom.ts";`,
      resolveDir: join(ROOT, "src/console/markdown"),
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "parts",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}

interface Parts {
  sanitise(html: string): DocumentFragment;
  patchChildren(target: Node, source: Node): void;
}

declare const parts: Parts;

describe.skipIf(chromium.status === "missing")("in a real browser", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await startChromium(chromium.status === "found" ? chromium.executablePath : "");
    page = await browser.newPage();
    await page.addScriptTag({ content: bundleParts() });
  });
  afterAll(async () => await browser?.close());

  /** What is left of the HTML once it was sanitised and put into the page. */
  async function sanitised(html: string): Promise<string> {
    return page.evaluate((text) => {
      const place = document.createElement("div");
      place.append(parts.sanitise(text));
      document.body.replaceChildren(place);
      return place.innerHTML;
    }, html);
  }

  describe("the second wall", () => {
    const hostile = [
      "<script>window.hit = 1</script>",
      "<img src=x onerror='window.hit = 1'>",
      "<svg><script>window.hit = 1</script></svg>",
      "<svg><animate onbegin='window.hit = 1' attributeName=x dur=1s></svg>",
      "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.hit=1&gt;'>",
      "<form id=x action=https://evil.example><input name=y><button formaction=https://evil.example>b</button></form>",
      "<iframe srcdoc='<script>parent.hit = 1</script>'></iframe>",
      "<object data='data:text/html,x'></object><embed src=//evil.example>",
      "<a href='javascript:window.hit = 1'>x</a><a href='data:text/html,x'>y</a><a href='/api/sign-out'>z</a>",
      "<a href=' &#1;javascript:window.hit=1'>x</a>",
      "<link rel=stylesheet href=//evil.example><style>*{background:url(//evil.example)}</style><meta http-equiv=refresh content=0>",
      "<p style='background:url(//evil.example)' id=app name=body data-x=1 aria-label=x onclick='window.hit = 1'>p</p>",
      "<video src=//evil.example poster=//evil.example></video><picture><source srcset=//evil.example></picture>",
      "<template><script>window.hit = 1</script></template>",
      "<noscript><p title='</noscript><img src=x onerror=window.hit=1>'></noscript>",
      "<base href=//evil.example><dialog open>x</dialog><slot name=x></slot>",
    ];

    it("lets nothing through that runs, loads, submits or styles", async ({ expect }) => {
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      for (const html of hostile) {
        const left = await sanitised(html);
        expect(left, html).not.toMatch(
          /<(script|img|svg|math|form|input|iframe|object|embed|link|style|meta|video|picture|source|template|base)\b/i,
        );
        expect(left, html).not.toMatch(
          /<[^>]*\s(on\w+|style|id|name|src|action|formaction|data-\w+)=/i,
        );
        expect(left, html).not.toMatch(/href="(?!https?:|mailto:)/i);
      }
      expect(await page.evaluate(() => "hit" in window)).toBe(false);
      expect(requests).toEqual([]);
    });

    it("lets through what our own renderer writes, as it is", async ({ expect }) => {
      const own =
        '<figure class="code"><figcaption><span>js</span><button type="button" class="copy">Copy</button></figcaption>' +
        '<pre tabindex="0"><code>a &lt; b</code></pre></figure>' +
        '<p><a href="https://a.example/?x=1" target="_blank" rel="noopener noreferrer nofollow" title="t">l</a></p>' +
        '<ol start="3"><li>x</li></ol><table><tbody><tr><td class="align-right">1</td></tr></tbody></table>';
      const left = await sanitised(own);
      const [wanted, got] = await page.evaluate(
        (texts) =>
          texts.map((text) => {
            const { body } = new DOMParser().parseFromString(text, "text/html");
            const elements = [...body.querySelectorAll("*")];
            return elements.map((element) =>
              [
                element.tagName,
                ...[...element.attributes].map((a) => `${a.name}=${a.value}`).sort(),
              ].join(" "),
            );
          }),
        [own, left],
      );
      expect(got).toEqual(wanted);
    });
  });

  describe("drawing in place", () => {
    it("makes one tree equal to another, whatever both are", async ({ expect }) => {
      const trees = [
        "",
        "<p>a</p>",
        "<p>ab</p>",
        '<p class="x">ab<b>c</b></p><ul><li>1</li></ul>',
        "<ul><li>1</li><li>2<ul><li>3</li></ul></li></ul>",
        "text <i>and</i> more",
        "<!-- c --><hr>",
      ];
      const different = await page.evaluate((all) => {
        const found: string[] = [];
        for (const from of all)
          for (const to of all) {
            const target = document.createElement("div");
            const source = document.createElement("div");
            target.innerHTML = from;
            source.innerHTML = to;
            parts.patchChildren(target, source);
            if (target.innerHTML !== to) found.push(`${from} to ${to}: ${target.innerHTML}`);
          }
        return found;
      }, trees);
      expect(different).toEqual([]);
    });

    it("leaves a selection and a scrolled code block alone while text grows behind them", async ({
      expect,
    }) => {
      const kept = await page.evaluate(() => {
        const target = document.createElement("div");
        document.body.replaceChildren(target);
        const draw = (html: string) => {
          const source = document.createElement("div");
          source.innerHTML = html;
          parts.patchChildren(target, source);
        };
        const wide = "w".repeat(2000);
        draw(`<pre style="overflow:auto;width:100px"><code>${wide}</code></pre><p>hello</p>`);
        const pre = target.querySelector("pre");
        const word = target.querySelector("p")?.firstChild;
        if (!pre || !word) return "nothing was drawn";
        pre.scrollLeft = 500;
        getSelection()?.setBaseAndExtent(word, 0, word, 5);
        draw(
          `<pre style="overflow:auto;width:100px"><code>${wide}x</code></pre><p>hello world</p>`,
        );
        return `${pre.isConnected} ${pre.scrollLeft} ${getSelection()}`;
      });
      expect(kept).toBe("true 500 hello");
    });
  });
});
