/** Phone numbers and e-mail addresses. */
import { type Detector, digitsOf, wholeIf } from "./detector.ts";

/** Below stand dates, above no country's numbers. */
const MIN_TRUNK_DIGITS = 9;
const MAX_TRUNK_DIGITS = 12;

function hasPhoneLength(found: string): boolean {
  const { length } = digitsOf(found);
  return length >= MIN_TRUNK_DIGITS && length <= MAX_TRUNK_DIGITS;
}

export const PHONES: readonly Detector[] = [
  {
    // With the country's code.
    kind: "phone",
    pattern: /(?<![\w+-]|\d\.)(?:\+|00)[1-9]\d{0,2}(?:[ ./()-]{0,2}\d){6,12}(?!\w)/g,
    mask: "[phone]",
  },
  {
    // Mobile, China.
    kind: "phone",
    pattern: /(?<![\w-]|\d\.)(?:86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![\w-])/g,
    mask: "[phone]",
  },
  {
    // North America.
    kind: "phone",
    pattern: /(?<![\w-]|\d\.)(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])/g,
    mask: "[phone]",
  },
  {
    // With the zero that many countries put in front of an area.
    kind: "phone",
    pattern: /(?<![\w/-]|\d[.,:])\(?0[1-9]\d{0,3}\)?(?:[ /-]\d{2,8}){1,4}(?![\w/-])/g,
    privatePart: wholeIf(hasPhoneLength),
    mask: "[phone]",
  },
  {
    // The same in one piece.
    kind: "phone",
    pattern: /(?<![\w/-]|\d[.,:])0[1-9]\d{8,9}(?![\w-])/g,
    mask: "[phone]",
  },
];

/** Letters of scripts with spaces between words: in others an address begins behind a word without one. */
const LETTER = "\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}";
const LOCAL = `${LETTER}\\p{Nd}_.%+-`;
const LABEL = `[${LETTER}\\p{Nd}-]{1,63}`;

export const EMAILS: readonly Detector[] = [
  {
    kind: "email",
    pattern: new RegExp(`(?<![${LOCAL}])[${LOCAL}]+@${LABEL}(?:\\.${LABEL}){1,8}`, "gu"),
    mask: "[email]",
  },
];
