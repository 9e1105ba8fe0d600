/**
 * Markdown to HTML: the first wall. HTML in the source stays text, links lead to the web or to mail and nowhere else, and
 * an image becomes a link: loading it would tell its server what the model wrote into the address.
 */
import MarkdownIt, { type Env, type RendererRule, type Token } from "markdown-it";

const LINK_PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);
const LINK_ATTRIBUTES = 'target="_blank" rel="noopener noreferrer nofollow"';

export interface RenderLabels {
  copy: string;
  opensImage: string;
}

/** Whole addresses only: a relative one would lead into this very server. */
export function isSafeLink(url: string): boolean {
  return URL.canParse(url) && LINK_PROTOCOLS.has(new URL(url).protocol);
}

export const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
markdown.validateLink = isSafeLink;
const { escapeHtml } = markdown.utils;

interface LabelledEnv extends Env {
  labels?: RenderLabels;
}

function labelsOf(env: Env | undefined): RenderLabels {
  const { labels } = (env ?? {}) as LabelledEnv; // renderBlock puts them there
  return labels ?? { copy: "Copy", opensImage: "image" };
}

/** Letters, digits and a few signs of the first word: what a language's name is made of. */
export function languageOf(info: string): string {
  return /^[\w+#.-]{1,32}/.exec(info.trim())?.[0] ?? "";
}

function renderCode(code: string, info: string, env: Env | undefined): string {
  const { copy } = labelsOf(env);
  const name = languageOf(info);
  return (
    `<figure class="code"><figcaption><span>${escapeHtml(name)}</span>` +
    `<button type="button" class="copy">${escapeHtml(copy)}</button></figcaption>` +
    `<pre tabindex="0"><code>${escapeHtml(code.replace(/\n$/, ""))}</code></pre></figure>\n`
  );
}

function attributeOf(token: Token | undefined, name: string): string {
  return String(token?.attrGet(name) ?? "");
}

function isInsideLink(tokens: readonly Token[], at: number): boolean {
  return (
    tokens.slice(0, at).reduce((depth, { type }) => {
      if (type === "link_open") return depth + 1;
      return type === "link_close" ? depth - 1 : depth;
    }, 0) > 0
  );
}

const renderImage: RendererRule = (tokens, at, _options, env) => {
  const token = tokens[at];
  const src = attributeOf(token, "src");
  const alt = token?.content.trim();
  if (isInsideLink(tokens, at) || !isSafeLink(src)) return escapeHtml(alt || src);
  const text = escapeHtml(alt ? `${alt} (${new URL(src).host})` : src);
  const label = escapeHtml(labelsOf(env).opensImage);
  return `<a href="${escapeHtml(src)}" ${LINK_ATTRIBUTES} title="${label}">${text}</a>`;
};

/** `[x]()` reaches here unchecked: an anchor that leads nowhere. */
const renderLinkOpen: RendererRule = (tokens, at) => {
  const href = attributeOf(tokens[at], "href");
  return isSafeLink(href) ? `<a href="${escapeHtml(href)}" ${LINK_ATTRIBUTES}>` : "<a>";
};

/** Alignment as a class: the page's policy takes no inline style. */
const renderCellOpen: RendererRule = (tokens, at) => {
  const { tag = "td" } = tokens[at] ?? {};
  const align = /text-align:(left|center|right)/.exec(attributeOf(tokens[at], "style"))?.[1];
  return align ? `<${tag} class="align-${align}">` : `<${tag}>`;
};

Object.assign(markdown.renderer.rules, {
  fence: (tokens, at, _options, env) =>
    renderCode(tokens[at]?.content ?? "", tokens[at]?.info ?? "", env),
  code_block: (tokens, at, _options, env) => renderCode(tokens[at]?.content ?? "", "", env),
  image: renderImage,
  link_open: renderLinkOpen,
  th_open: renderCellOpen,
  td_open: renderCellOpen,
  table_open: () => '<div class="table" tabindex="0"><table>',
  table_close: () => "</table></div>\n",
} satisfies Record<string, RendererRule>);

/** `references` are the link definitions of the whole text. */
export function renderBlock(
  source: string,
  references: NonNullable<Env["references"]>,
  labels: RenderLabels,
): string {
  return markdown.render(source, { references: { ...references }, labels });
}
