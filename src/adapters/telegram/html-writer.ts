/**
 * Builds Telegram's HTML: the few tags it knows, always balanced, everything else escaped. Line breaks are held back
 * until something follows them, so that a message neither begins nor ends with one.
 */

/** The tags this writer emits, of those that Telegram knows. */
export type HtmlTag = "a" | "b" | "blockquote" | "code" | "i" | "pre" | "s";

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? "");
}

export class HtmlWriter {
  #html = "";
  #visibleUnits = 0;
  #isBlank = true;
  /** Line feeds due before the next text. */
  #breaks = 0;
  /** What the next text begins with after the line feeds: a list item's bullet. */
  #prefix = "";
  /** Tags that begin with the next text. */
  readonly #due: { tag: HtmlTag; attributes: string }[] = [];
  /** How often each tag was opened: only the outermost is written, for Telegram refuses or drops the others. */
  readonly #depth = new Map<HtmlTag, number>();

  get html(): string {
    return this.#html;
  }

  /** UTF-16 units a reader sees: what Telegram's limit counts. */
  get visibleUnits(): number {
    return this.#visibleUnits;
  }

  /** True while a reader would see nothing. */
  get isBlank(): boolean {
    return this.#isBlank;
  }

  /** Asks for at least `count` line feeds before whatever comes next. */
  break(count: number): void {
    if (this.#visibleUnits > 0) this.#breaks = Math.max(this.#breaks, count);
  }

  /** Sets what the next line begins with, unless it was set and not used yet. */
  prefix(text: string): void {
    if (this.#prefix === "") this.#prefix = text;
  }

  /** For a list item that turned out empty. */
  dropPrefix(): void {
    this.#prefix = "";
  }

  /** `attributes` is written as it is. */
  open(tag: HtmlTag, attributes = ""): void {
    const depth = this.#depth.get(tag) ?? 0;
    this.#depth.set(tag, depth + 1);
    if (depth === 0) this.#due.push({ tag, attributes });
  }

  close(tag: HtmlTag): void {
    const depth = this.#depth.get(tag) ?? 0;
    this.#depth.set(tag, depth - 1);
    if (depth !== 1) return;
    if (this.#due.at(-1)?.tag === tag)
      this.#due.pop(); // nothing was written in it
    else this.#html += `</${tag}>`;
  }

  text(text: string): void {
    if (text === "") return;
    const before = "\n".repeat(this.#breaks) + this.#prefix;
    this.#breaks = 0;
    this.#prefix = "";
    this.#html += escapeHtml(before);
    for (const { tag, attributes } of this.#due) this.#html += `<${tag}${attributes}>`;
    this.#due.length = 0;
    this.#html += escapeHtml(text);
    this.#visibleUnits += before.length + text.length;
    this.#isBlank &&= !/\S/.test(before + text);
  }
}
