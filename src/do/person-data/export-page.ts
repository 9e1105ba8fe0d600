/** The readable form of an export: plain HTML pages without script, each text escaped. Pure. */
import type { ChatMessage } from "../../core/message.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

export function renderHtml(title: string, body: string): string {
  return `<!doctype html>
<html><head><meta charset="utf-8"><meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}article{margin:1em 0}h2{font-size:1em;margin:0}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}dt{font-weight:bold}table{border-collapse:collapse}th,td{border:1px solid;padding:.2em .5em;text-align:left;overflow-wrap:anywhere}</style></head>
<body><h1>${escapeHtml(title)}</h1>
${body}
</body></html>
`;
}

/** `fileOf`: where a file of a message stands in the export. */
export function renderMessage(
  { role, sender, atMs, text, media }: ChatMessage,
  fileOf: (id: string) => string | undefined,
): string {
  const who = role === "assistant" ? "Rockpool" : (sender ?? "–");
  const files = media.map(({ fileId, name, kind }) => {
    const path = fileId === undefined ? undefined : fileOf(fileId);
    const label = escapeHtml(name ?? kind);
    return path === undefined
      ? `<li>${label}</li>`
      : `<li><a href="${escapeHtml(path)}">${label}</a></li>`;
  });
  const list = files.length > 0 ? `<ul>${files.join("")}</ul>` : "";
  const time = new Date(atMs).toISOString();
  return `<article><h2>${escapeHtml(who)} · ${time}</h2><p>${escapeHtml(text)}</p>${list}</article>`;
}

export function renderLinks(links: readonly { path: string; label: string }[]): string {
  const items = links.map(
    ({ path, label }) => `<li><a href="${escapeHtml(path)}">${escapeHtml(label)}</a></li>`,
  );
  return `<ul>\n${items.join("\n")}\n</ul>`;
}

/** Of files that a browser opens as a page, scripts and all, where somebody follows a link to them. */
const PAGE_ENDING = /^\.(?:[xs]?html?|xht|mht(?:ml)?|svgz?|xml|xslt?)$/i;

/** The ending of a file's name, which stands in the page itself; that of a page is made a text's. */
export function safeEnding(name: string): string {
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
  return PAGE_ENDING.test(ending) ? `${ending}.txt` : ending;
}
