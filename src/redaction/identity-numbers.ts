/** Numbers of identity cards and their like: those with a check digit are checked. */
import { type Detector, wholeIf } from "./detector.ts";

const CHINESE_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHINESE_CHECKS = "10X98765432";

/** GB 11643: the weighted sum of 17 digits, modulo 11, names the eighteenth character. */
export function isChineseId(found: string): boolean {
  const sum = CHINESE_WEIGHTS.reduce((all, weight, at) => all + weight * Number(found[at]), 0);
  return found.at(-1)?.toUpperCase() === CHINESE_CHECKS[sum % 11];
}

const SPANISH_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";

/** DNI and NIE: the number modulo 23 names the letter; X, Y, Z in front stand for 0, 1, 2. */
export function isSpanishId(found: string): boolean {
  const text = found.replaceAll("-", "").toUpperCase();
  const digits = text.slice(0, 8).replace(/^[XYZ]/, (letter) => `${"XYZ".indexOf(letter)}`);
  return SPANISH_LETTERS[Number(digits) % 23] === text.at(-1);
}

export const IDENTITY_NUMBERS: readonly Detector[] = [
  {
    kind: "id",
    pattern:
      /(?<!\w)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)/g,
    privatePart: wholeIf(isChineseId),
    mask: "[id number]",
  },
  {
    // Social security, United States: these area, group and serial numbers were never given out.
    kind: "id",
    pattern: /(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g,
    mask: "[id number]",
  },
  {
    // National insurance, United Kingdom.
    kind: "id",
    pattern: /(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)/g,
    mask: "[id number]",
  },
  {
    kind: "id",
    pattern: /(?<![\w-])(?:[XYZxyz]-?\d{7}|\d{8})-?[A-Za-z](?![\w-])/g,
    privatePart: wholeIf(isSpanishId),
    mask: "[id number]",
  },
];
