/**
 * What stands within a line of Markdown, as Telegram's HTML: emphasis, code, links. A link to anything but the web, a
 * mail address or Telegram itself is shown as its text.
 */
import type { Token } from "markdown-it";
import { escapeHtml, type HtmlTag, type HtmlWriter } from "./html-writer.ts";

const LINK_PATTERN = /^(?:https?:\/\/|tg:\/\/|mailto:)/i;
const LANGUAGE_PATTERN = /^[\w+#.-]{1,32}$/;
const INLINE_TAGS: Record<string, HtmlTag> = { strong: "b", em: "i", s: "s" };

interface List {
  /** The number of the next item; undefined for bullets. */
  next: number | undefined;
}

/** One message being rendered. */
export interface Page {
  writer: HtmlWriter;
  lists: List[];
  /** For each link that is open, whether its tag was written. */
  links: boolean[];
}

function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? "");
}

function openLink(page: Page, url: string): void {
  const shown = LINK_PATTERN.test(url);
  page.links.push(shown);
  if (shown) page.writer.open("a", ` href="${escapeHtml(url)}"`);
}

function closeLink(page: Page): void {
  if (page.links.pop()) page.writer.close("a");
}

export function writeCode(page: Page, tag: "code" | "pre", content: string, info = ""): void {
  const language = info.trim().split(/\s/)[0] ?? "";
  const named = tag === "pre" && LANGUAGE_PATTERN.test(language);
  page.writer.open(tag);
  if (named) page.writer.open("code", ` class="language-${language}"`);
  page.writer.text(content);
  if (named) page.writer.close("code");
  page.writer.close(tag);
}

function writeImage(page: Page, token: Token): void {
  const url = attribute(token, "src");
  openLink(page, url);
  page.writer.text(plainText(token.children ?? []) || url);
  closeLink(page);
}

/** What the tokens say, without any markup. */
export function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "softbreak" || token.type === "hardbreak") return " ";
      return token.type === "image" ? plainText(token.children ?? []) : token.content;
    })
    .join("");
}

export type WriteToken = (page: Page, token: Token) => void;

function writeBreak(page: Page): void {
  page.writer.text("\n");
}

const INLINE_WRITERS: Record<string, WriteToken> = {
  link_open: (page, token) => openLink(page, attribute(token, "href")),
  link_close: closeLink,
  image: writeImage,
  code_inline: (page, token) => writeCode(page, "code", token.content),
  softbreak: writeBreak,
  hardbreak: writeBreak,
};

export function writeInline(page: Page, tokens: readonly Token[]): void {
  for (const token of tokens) {
    const tag = INLINE_TAGS[token.tag];
    const write = INLINE_WRITERS[token.type];
    if (write) write(page, token);
    else if (!tag) page.writer.text(token.content);
    else if (token.nesting === 1) page.writer.open(tag);
    else page.writer.close(tag);
  }
}
