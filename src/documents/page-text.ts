/** What a web page says, as plain text for a model: no scripts, no styles, no mark-up. Linear in its length. Pure. */

/** Elements whose content is nothing to read. */
const SILENT = [
  "script",
  "style",
  "noscript",
  "template",
  "svg",
  "head",
  "iframe",
  "nav",
  "footer",
];
const BLOCK =
  /^(?:p|div|br|li|ul|ol|tr|table|h[1-6]|section|article|header|main|blockquote|pre|dd|dt)$/;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
};

export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{1,8}));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
    },
  );
}

export function readPageText(html: string): string {
  // Letters of tags only: others may become two, and all behind them would stand elsewhere.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  let text = "";
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    text += html.slice(at, open);
    const isComment = html.startsWith("<!--", open);
    const close = html.indexOf(isComment ? "-->" : ">", open);
    if (close < 0) return tidy(text);
    const name = /^<\/?([a-z][a-z0-9]*)/.exec(lower.slice(open, open + 20))?.[1] ?? "";
    at = close + (isComment ? 3 : 1);
    if (BLOCK.test(name)) text += "\n";
    if (SILENT.includes(name) && lower[open + 1] !== "/") at = endOf(lower, name, at);
  }
  return tidy(text + html.slice(at));
}

/** After the end of a silent element; an element without its end is silent to the last. */
function endOf(lower: string, name: string, at: number): number {
  const end = lower.indexOf(`</${name}`, at);
  if (end < 0) return lower.length;
  const close = lower.indexOf(">", end);
  return close < 0 ? lower.length : close + 1;
}

function tidy(text: string): string {
  return decodeEntities(text)
    .replace(/[^\S\n]+/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n")
    .toWellFormed();
}
