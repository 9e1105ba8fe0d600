import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { describe, it } from "vitest";
import { MIN_PIECE_UNITS, splitMarkdown } from "../../../src/adapters/split.ts";
import { cpuMsOf } from "../../support/cpu-time.ts";

const markdownIt = new MarkdownIt();
const LONE_SURROGATE = /\p{Surrogate}/u;

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, "");
}

/** What a reader sees in code blocks, by an independent parser. */
function codeOf(markdown: string): { language: string; code: string }[] {
  return markdownIt
    .parse(markdown, {})
    .filter((token) => token.type === "fence")
    .map((token) => ({ language: token.info, code: token.content }));
}

const word = fc.stringMatching(/^[a-zA-Zäé中文字🙂]{1,12}[.,!?。]?$/u);
const line = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => words.join(" "));
const paragraph = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join("\n"));
const codeLine = fc.stringMatching(/^ {0,6}[a-z=(){};"'#<>🙂 ]{0,60}$/u);
const codeBlock = fc
  .tuple(
    fc.constantFrom("```", "````", "~~~"),
    fc.constantFrom("", "ts", "python"),
    fc.array(codeLine, { maxLength: 30 }),
  )
  .map(([marks, language, lines]) => `${marks}${language}\n${lines.join("\n")}\n${marks}`);
const document = fc
  .array(fc.oneof(paragraph, codeBlock), { maxLength: 12 })
  .map((blocks) => blocks.join("\n\n"));
const limit = fc.integer({ min: MIN_PIECE_UNITS, max: 600 });

describe("splitMarkdown", () => {
  it("leaves a text alone that fits", ({ expect }) => {
    const text = "# Title\n\n- one\n- two\n\n```ts\nlet a;\n```";
    expect(splitMarkdown(text, 4096)).toEqual([text]);
    expect(splitMarkdown("a".repeat(128), 128)).toEqual(["a".repeat(128)]);
  });

  it("makes nothing of blank text", ({ expect }) => {
    expect(splitMarkdown("", 128)).toEqual([]);
    expect(splitMarkdown(" \n\t\n ", 128)).toEqual([]);
  });

  it("refuses a limit that has no room for a code block", ({ expect }) => {
    expect(() => splitMarkdown("text", MIN_PIECE_UNITS - 1)).toThrow(
      new RangeError("A piece holds 128 units."),
    );
  });

  it("prefers a paragraph to a line, a line to a sentence, a sentence to a word", ({ expect }) => {
    const fill = (count: number) => "x".repeat(count);
    const splitAt = (text: string) => splitMarkdown(text, 128)[0]?.length;
    expect(splitAt(`${fill(80)}\n\n${fill(20)}\n${fill(20)} ${fill(30)}`)).toBe(80);
    expect(splitAt(`${fill(80)}\n${fill(20)}. ${fill(20)} ${fill(30)}`)).toBe(80);
    expect(splitAt(`${fill(80)}. ${fill(20)} ${fill(60)}`)).toBe(81);
    expect(splitAt(`${fill(80)}。${fill(20)} ${fill(60)}`)).toBe(81);
    expect(splitAt(`${fill(80)} ${fill(60)}`)).toBe(80);
    expect(splitAt(fill(300))).toBe(128);
  });

  it("closes a code block and opens it again with its language", ({ expect }) => {
    const lines = Array.from({ length: 30 }, (_, index) => `line(${index});`);
    const pieces = splitMarkdown(`Look:\n\n\`\`\`ts\n${lines.join("\n")}\n\`\`\`\n\nDone.`, 160);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces[0]).toMatch(/^Look:\n\n```ts\nline\(0\);\n[^`]*\n```$/);
    expect(pieces[1]).toMatch(/^```ts\nline\(\d+\);\n[^`]*\n```$/);
    expect(pieces.at(-1)).toMatch(/(?:^|\n\n)Done\.$/);
    expect(pieces.flatMap(codeOf).every((block) => block.language === "ts")).toBe(true);
    expect(
      pieces
        .flatMap(codeOf)
        .map((block) => block.code)
        .join(""),
    ).toBe(`${lines.join("\n")}\n`);
  });

  it("moves a code block into the next piece that begins late in this one", ({ expect }) => {
    const text = `${"word ".repeat(20)}\n\n\`\`\`\n${"code\n".repeat(8)}\`\`\``;
    const [first, second] = splitMarkdown(text, 128);
    expect(first).toBe("word ".repeat(20).trim());
    expect(second).toBe(`\`\`\`\n${"code\n".repeat(8)}\`\`\``);
  });

  it("keeps the code of a list item whole across pieces", ({ expect }) => {
    const lines = Array.from({ length: 20 }, (_, index) => `run --step ${index}`);
    const item = (text: string) => `    ${text}`;
    const text = ["10. Type:", ...["```sh", ...lines, "```"].map(item), "", "Then rest."].join(
      "\n",
    );
    const pieces = splitMarkdown(text, 200);
    const blocks = pieces.flatMap(codeOf);
    expect(pieces.length).toBeGreaterThan(2);
    expect(blocks.every((block) => block.language === "sh")).toBe(true);
    expect(blocks.map((block) => block.code).join("")).toBe(`${lines.join("\n")}\n`);
    expect(pieces.at(-1)).toMatch(/Then rest\.$/);
  });

  it.for<[string, string]>([
    ["shorter marks", "````md\n"],
    ["marks of the other kind", "~~~md\n"],
  ])("does not take %s within a code block for its end", ([, opening], { expect }) => {
    const marks = opening.replace("md\n", "");
    const lines = Array.from({ length: 90 }, (_, index) => (index % 4 === 1 ? "```" : `x${index}`));
    const pieces = splitMarkdown(`${opening}${lines.join("\n")}\n${marks}`, 128);
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) {
      expect(piece.startsWith(opening)).toBe(true);
      expect(piece.endsWith(`\n${marks}`)).toBe(true);
    }
    expect(
      pieces
        .flatMap(codeOf)
        .map((block) => block.code)
        .join(""),
    ).toBe(`${lines.join("\n")}\n`);
  });

  it("closes a code block that the text leaves open", ({ expect }) => {
    expect(splitMarkdown("```js\nlet a", 128)).toEqual(["```js\nlet a\n```"]);
  });

  it("cuts no character that fits, however many code points it has", ({ expect }) => {
    const family = "👩‍👩‍👧‍👦";
    const pieces = splitMarkdown(family.repeat(60), 130);
    for (const piece of pieces) expect(piece.length % family.length).toBe(0);
    expect(pieces.join("")).toBe(family.repeat(60));
    expect(splitMarkdown("e\u0301".repeat(100), 129)[0]).toHaveLength(128);
  });

  it("cuts a character that is longer than a piece, but no surrogate pair", ({ expect }) => {
    const endless = `a${"\u{1d165}".repeat(200)}`;
    const pieces = splitMarkdown(endless, 129);
    for (const piece of pieces) expect(piece).not.toMatch(LONE_SURROGATE);
    expect(pieces.join("")).toBe(endless);
  });

  it("stays within the limit and loses only white space, for any text", ({ expect }) => {
    const soup = fc.oneof(
      fc.string({ unit: "binary", maxLength: 2000 }),
      fc
        .array(fc.constantFrom("a", " ", "\n", "\t", "中。", "🙂", "- ", "# ", ". "), {
          maxLength: 1500,
        })
        .map((parts) => parts.join("")),
      fc.array(paragraph, { maxLength: 12 }).map((parts) => parts.join("\n\n")),
    );
    const plain = soup.map((text) => text.replace(/[`~]/g, "."));
    fc.assert(
      fc.property(plain, limit, (text, maxUnits) => {
        const pieces = splitMarkdown(text, maxUnits);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(maxUnits);
          expect(piece.trim()).not.toBe("");
        }
        expect(withoutSpace(pieces.join(""))).toBe(withoutSpace(text));
        if (text.isWellFormed()) expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps code and its language, and every piece renders by itself", ({ expect }) => {
    fc.assert(
      fc.property(document, limit, (text, maxUnits) => {
        const pieces = splitMarkdown(text, maxUnits);
        const blocks = pieces.flatMap(codeOf);
        const said = (parts: string[]) => withoutSpace(parts.join(""));
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(maxUnits);
        expect(said(blocks.map((block) => block.code))).toBe(
          said(codeOf(text).map((block) => block.code)),
        );
        const languages = new Set(codeOf(text).map((block) => block.language));
        for (const block of blocks) expect(languages).toContain(block.language);
        const prose = (parts: string[]) =>
          said(
            parts.map((part) =>
              markdownIt
                .parse(part, {})
                .filter((token) => token.type === "inline")
                .map((token) => token.content)
                .join(""),
            ),
          );
        expect(prose(pieces)).toBe(prose([text]));
      }),
      { numRuns: 500 },
    );
  });

  it("holds for fences of every kind", ({ expect }) => {
    const marks = fc.array(
      fc.constantFrom(
        "```",
        "````ts",
        "~~~",
        " ",
        "\n",
        "a\n",
        "    ```\n",
        "`".repeat(40),
        "b ".repeat(30),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(marks, limit, (parts, maxUnits) => {
        const text = parts.join("");
        const pieces = splitMarkdown(text, maxUnits);
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(maxUnits);
        expect(withoutSpace(pieces.join("")).length).toBeGreaterThanOrEqual(
          withoutSpace(text).length,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("takes time in proportion to the text", ({ expect }) => {
    const timeOf = (text: string) => cpuMsOf(() => void splitMarkdown(text, 4096));
    for (const unit of ["x", "word ", "`", "```\n", "\n", "é", "> a\n"]) {
      timeOf(unit.repeat(20_000));
      expect(timeOf(unit.repeat(Math.ceil(1_000_000 / unit.length))), unit).toBeLessThan(2_000);
    }
  });
});
