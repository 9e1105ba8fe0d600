/** One form for words that a person writes in many: width, case, spaces and closing marks make no difference. Pure. */

export function foldText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(?<![.!?。,])[.!?。,]+$/, "")
    .trim();
}
