import fc from "fast-check";
import { describe, it } from "vitest";
import { MAX_MESSAGE_UNITS } from "../../../../src/adapters/telegram/limits.ts";
import { renderMarkdown } from "../../../../src/adapters/telegram/render.ts";
import { cpuMsOf } from "../../../support/cpu-time.ts";
import { readTelegramHtml } from "../../../support/fake-telegram-html.ts";

const html = (markdown: string) => renderMarkdown(markdown).html;

describe("Markdown for Telegram", () => {
  it.for<[string, string, string]>([
    ["emphasis", "**b** _i_ ~~s~~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>"],
    ["signs", '1 < 2 & 3 > 2 "q"', "1 &lt; 2 &amp; 3 &gt; 2 &quot;q&quot;"],
    ["tags in the text", "<b>no</b> <script>", "&lt;b&gt;no&lt;/b&gt; &lt;script&gt;"],
    ["headings", "# One\ntext", "<b>One</b>\n\ntext"],
    ["emphasis that is nested in its like", "## **a** b", "<b>a b</b>"],
    ["lines", "a\nb  \nc\n\nd", "a\nb\nc\n\nd"],
    ["bullets", "- a\n- b", "• a\n• b"],
    ["numbers", "3. a\n4. b", "3. a\n4. b"],
    ["nested lists", "- a\n  1. b\n\n     more\n- c", "• a\n  1. b\n    more\n• c"],
    ["an empty item", "-\n- b", "• b"],
    ["a quotation", "> a\n> > b\n\nc", "<blockquote>a\n\nb</blockquote>\n\nc"],
    ["a code block", "```ts\na < b\n```", '<pre><code class="language-ts">a &lt; b</code></pre>'],
    ["a code block of no language", "```\na\n\nb\n```", "<pre>a\n\nb</pre>"],
    ["a language that is none", '```"><b>\na\n```', "<pre>a</pre>"],
    ["code in a list", "1. x\n   ```\n   y\n   ```\n2. z", "1. x\n<pre>y</pre>\n2. z"],
    ["a rule", "a\n\n---\n\nb", "a\n\n———\n\nb"],
    ["a link", "[a](https://x.org/?a=1&b=2)", '<a href="https://x.org/?a=1&amp;b=2">a</a>'],
    ["a mail address", "<mailto:a@x.org>", '<a href="mailto:a@x.org">mailto:a@x.org</a>'],
    ["a link to Telegram", "[a](tg://user?id=1)", '<a href="tg://user?id=1">a</a>'],
    ["a link to nowhere", "[a](/b) [c](file:///d)", "a [c](file:///d)"],
    ["a script in a link", "[a](javascript:alert(1))", "[a](javascript:alert(1))"],
    ["an image", "![pic](https://x.org/p.png)", '<a href="https://x.org/p.png">pic</a>'],
    [
      "an image without words",
      "![](https://x.org/p)",
      '<a href="https://x.org/p">https://x.org/p</a>',
    ],
    [
      "an image in a link",
      "[![p](https://x.org/p)](https://x.org)",
      '<a href="https://x.org">p</a>',
    ],
    [
      "a table",
      "| a | 中文 |\n|---|---|\n| **1** | x |\n| long | y |",
      "<pre>a    | 中文\n-----+-----\n1    | x\nlong | y</pre>",
    ],
  ])("renders %s", ([, markdown, expected], { expect }) => {
    expect(html(markdown)).toBe(expected);
  });

  it("writes only tags that Telegram knows, balanced, all else escaped", ({ expect }) => {
    const piece = fc.oneof(
      fc.constantFrom("*", "**", "_", "~~", "`", "```", "[", "](https://a.b)", "](x)", "!["),
      fc.constantFrom("<b>", "</b>", "&amp;", "&", "<", '"', "\n", "\n\n", "> ", "- ", "1. "),
      fc.constantFrom("# ", "| a | b |\n|---|---|\n", "    ", "||", "\\", "\u0000", "\ud800", "🙂"),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const rendered = renderMarkdown(pieces.join(""));
        expect(rendered.plain.isWellFormed()).toBe(true);
        if (rendered.html === undefined) return;
        const shown = readTelegramHtml(rendered.html);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown.trim()).not.toBe("");
        expect(shown.length).toBeLessThanOrEqual(MAX_MESSAGE_UNITS);
      }),
      { numRuns: 3_000 },
    );
  });

  it("shows every word of plain text", ({ expect }) => {
    const word = fc.stringMatching(/^[a-z中é🙂]{1,10}$/u);
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1 }), { minLength: 1 }), (paragraphs) => {
        const text = paragraphs.map((words) => words.join(" ")).join("\n\n");
        fc.pre(text.length <= MAX_MESSAGE_UNITS);
        expect(readTelegramHtml(html(text) ?? "")).toBe(text);
      }),
    );
  });

  it("gives up markup that makes the text longer than a message holds", ({ expect }) => {
    const row = `| ${"x".repeat(30)} | y |`;
    const table = `| a | b |\n|---|---|\n${row}\n${"| a | b |\n".repeat(350)}`;
    expect(table.length).toBeLessThan(MAX_MESSAGE_UNITS);
    expect(renderMarkdown(table)).toEqual({ html: undefined, plain: table });
    expect(html("a".repeat(MAX_MESSAGE_UNITS))).toBe("a".repeat(MAX_MESSAGE_UNITS));
    expect(html("a".repeat(MAX_MESSAGE_UNITS + 1))).toBeUndefined();
  });

  it.for(["[a]: https://x.org", "```\n\u00a0\n```", "&nbsp;", "*&#32;*"])(
    "has no markup for %j, of which nothing would be seen",
    (markdown, { expect }) => {
      expect(renderMarkdown(markdown)).toEqual({ html: undefined, plain: markdown });
    },
  );

  it("is done with hostile text in time", ({ expect }) => {
    for (const unit of ["**a", "*", "[", ">", "`a``", "- ", "|a", "[a](", "_a*", "![", "<", "~~"]) {
      const text = unit.repeat(Math.ceil(100_000 / unit.length));
      expect(
        cpuMsOf(() => void renderMarkdown(text)),
        unit,
      ).toBeLessThan(3_000);
    }
  });
});
