/** Outside text made safe to store and to show: well-formed UTF-16, no control characters, of bounded length. */

/** Every control character but line feed and tab. */
const CONTROL_CHARACTERS = /[^\P{Cc}\n\t]/gu;
const GAPS = /[\p{Cc}\s]+/gu;

/** The first `maxUnits` UTF-16 units of `text`, never half a surrogate pair. */
function clip(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  const last = text.charCodeAt(maxUnits - 1);
  const cutsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, cutsPair ? maxUnits - 1 : maxUnits);
}

/** Text of several lines. What is longer than `maxUnits` is cut off. */
export function cleanText(text: string, maxUnits: number): string {
  return clip(text.toWellFormed().replace(CONTROL_CHARACTERS, ""), maxUnits);
}

/** Text of one line with single spaces, for names and titles. What is longer than `maxUnits` is cut off. */
export function cleanLine(text: string, maxUnits: number): string {
  return clip(text.toWellFormed().replace(GAPS, " ").trim(), maxUnits);
}
