/** Reads the HTML that Telegram takes, as strictly as its documentation: what is not on the list is refused. */

const TOKEN =
  /<(?<close>\/?)(?<tag>[a-z-]+)(?<attributes>(?: [a-z-]+="[^"<>]*")*)>|&(?:lt|gt|amp|quot);|[<>&]/g;
const TAGS = new Set(["a", "b", "blockquote", "code", "i", "pre", "s", "tg-spoiler", "u"]);
const ATTRIBUTES: Record<string, RegExp> = {
  a: /^ href="(?:https?:\/\/|tg:\/\/|mailto:)[^"<>]*"$/i,
  code: /^ class="language-[^"<>&\s]+"$/,
};
const CHARACTERS: Record<string, string> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
};

function checkTag(tag: string, attributes: string): void {
  if (!TAGS.has(tag)) throw new Error(`Unsupported start tag "${tag}"`);
  if (tag === "a" && attributes === "") throw new Error("A link without an address");
  if (attributes !== "" && !ATTRIBUTES[tag]?.test(attributes))
    throw new Error(`Unsupported attributes of "${tag}"`);
}

/** The text a reader sees. Throws where a tag is unknown or not closed, or a character is not escaped. */
export function readTelegramHtml(html: string): string {
  const open: string[] = [];
  const text = html.replace(TOKEN, (token, close: string, tag: string, attributes: string) => {
    if (tag === undefined) {
      const character = CHARACTERS[token];
      if (character === undefined) throw new Error(`Unescaped "${token}"`);
      return character;
    }
    if (close === "/") {
      if (open.pop() !== tag) throw new Error(`Unmatched end tag "${tag}"`);
      return "";
    }
    checkTag(tag, attributes);
    open.push(tag);
    return "";
  });
  if (open.length > 0) throw new Error(`Can't find end tag corresponding to "${open.at(-1)}"`);
  return text;
}
