/**
 * Markdown as models write it → Telegram's HTML (https://core.telegram.org/bots/api#html-style). What Telegram has no
 * form for gets the nearest: headings are bold, tables are drawn in a monospaced block, images are links.
 */
import MarkdownIt, { type Token } from "markdown-it";
import { type HtmlTag, HtmlWriter } from "./html-writer.ts";
import { MAX_MESSAGE_UNITS } from "./limits.ts";
import { type Page, plainText, type WriteToken, writeCode, writeInline } from "./render-inline.ts";
import { drawTable } from "./table.ts";

const RULE = "———";
const BULLET = "• ";
const INDENT = "  ";

const markdownIt = new MarkdownIt({ html: false, linkify: false, breaks: false });

/** Blocks of a list stand close, others are an empty line apart. */
function blockBreak(page: Page): void {
  page.writer.break(page.lists.length === 0 ? 2 : 1);
}

function startList(page: Page, next: number | undefined): void {
  blockBreak(page);
  page.lists.push({ next });
}

function endList(page: Page): void {
  page.lists.pop();
  page.writer.dropPrefix();
  blockBreak(page);
}

function startItem(page: Page): void {
  const list = page.lists.at(-1);
  if (!list) return;
  const marker = list.next === undefined ? BULLET : `${list.next}. `;
  if (list.next !== undefined) list.next += 1;
  blockBreak(page);
  page.writer.dropPrefix();
  page.writer.prefix(INDENT.repeat(page.lists.length - 1) + marker);
}

function startParagraph(page: Page): void {
  blockBreak(page);
  page.writer.prefix(INDENT.repeat(page.lists.length));
}

function writeCodeBlock(page: Page, token: Token): void {
  blockBreak(page);
  writeCode(page, "pre", token.content.replace(/\n$/, ""), token.info);
  blockBreak(page);
}

/** For a tag around whole blocks. */
function blockTag(tag: HtmlTag): { open: WriteToken; close: WriteToken } {
  return {
    open: (page) => {
      blockBreak(page);
      page.writer.open(tag);
    },
    close: (page) => {
      page.writer.close(tag);
      blockBreak(page);
    },
  };
}

const heading = blockTag("b");
const quote = blockTag("blockquote");

const BLOCK_WRITERS: Record<string, WriteToken> = {
  inline: (page, token) => writeInline(page, token.children ?? []),
  paragraph_open: startParagraph,
  paragraph_close: blockBreak,
  heading_open: heading.open,
  heading_close: heading.close,
  blockquote_open: quote.open,
  blockquote_close: quote.close,
  bullet_list_open: (page) => startList(page, undefined),
  bullet_list_close: endList,
  ordered_list_open: (page, token) => startList(page, Number(token.attrGet("start") ?? 1)),
  ordered_list_close: endList,
  list_item_open: startItem,
  fence: writeCodeBlock,
  code_block: writeCodeBlock,
  hr: (page) => {
    blockBreak(page);
    page.writer.text(RULE);
    blockBreak(page);
  },
};

/** The rows of the table that opens at `index`, and where it closes. */
function readTable(tokens: readonly Token[], index: number): { rows: string[][]; end: number } {
  const rows: string[][] = [];
  let end = index;
  for (; end < tokens.length; end += 1) {
    const token = tokens[end];
    if (token?.type === "table_close") break;
    if (token?.type === "tr_open") rows.push([]);
    if (token?.type === "inline") rows.at(-1)?.push(plainText(token.children ?? []));
  }
  return { rows, end };
}

function renderHtml(markdown: string): HtmlWriter {
  const page: Page = { writer: new HtmlWriter(), lists: [], links: [] };
  const tokens = markdownIt.parse(markdown, {});
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.type === "table_open") {
      const table = readTable(tokens, index);
      blockBreak(page);
      writeCode(page, "pre", drawTable(table.rows));
      blockBreak(page);
      index = table.end;
    } else if (token) BLOCK_WRITERS[token.type]?.(page, token);
  }
  return page.writer;
}

export interface Rendered {
  /** Undefined where markup has nothing to show, or makes more of the text than one message holds. */
  html: string | undefined;
  /** The Markdown itself, well-formed: what is sent when the HTML cannot be. */
  plain: string;
}

export function renderMarkdown(markdown: string): Rendered {
  const plain = markdown.toWellFormed();
  const writer = renderHtml(plain);
  const fits = writer.visibleUnits <= MAX_MESSAGE_UNITS && !writer.isBlank;
  return { html: fits ? writer.html : undefined, plain };
}
