/** Numbers of payment cards (Luhn, ISO/IEC 7812) and of bank accounts (IBAN, ISO 13616). */
import { type Detector, digitsOf } from "./detector.ts";

const MIN_CARD_DIGITS = 13;
const MAX_CARD_DIGITS = 19;

/** The last digit makes the sum of all, every second one doubled, a multiple of ten. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** The first digits that payment networks were given: Visa, Mastercard, American Express, JCB, Diners, UnionPay, Maestro … */
const ISSUED = /^(?:4|5[0-8]|2[2-7]|3[04-9]|6)/;

function isCard(found: string): boolean {
  const digits = digitsOf(found);
  const isLong = digits.length >= MIN_CARD_DIGITS && digits.length <= MAX_CARD_DIGITS;
  return isLong && ISSUED.test(digits) && isLuhn(digits);
}

/** As cards are printed and typed, longest first. Each looks where `lastIndex` stands. */
const FORMS = [
  /\d{4}(?:[ -]{1,2}\d{4}){3}[ -]{1,2}\d{1,3}(?!\d)/y,
  /\d{4}(?:[ -]{1,2}\d{4}){3}(?!\d)/y,
  /\d{4}[ -]{1,2}\d{6}[ -]{1,2}\d{4,5}(?!\d)/y,
  /\d{8}[ -]{1,2}\d{8}(?!\d)/y,
  /\d{13,19}(?!\d)/y,
];
/** Above it no row is one number. */
const MAX_NUMBER_CHARS = 3 * MAX_CARD_DIGITS;

/** The first card in a row of digits: an amount may stand before it, the month that it ends and its code behind it. */
function findCard(row: string): string | undefined {
  const whole = row.slice(row.search(/\d/));
  if (whole.length < MAX_NUMBER_CHARS && isCard(whole)) return whole;
  for (const { index } of row.matchAll(/(?<!\d)\d/g))
    for (const form of FORMS) {
      form.lastIndex = index;
      const found = form.exec(row)?.[0];
      if (found !== undefined && isCard(found)) return found;
    }
  return undefined;
}

/** The number, its first four characters behind the rest and letters as numbers, leaves 1 when divided by 97. */
export function isIban(found: string): boolean {
  const text = found.replaceAll(" ", "").toUpperCase();
  if (text.length < 15 || text.length > 34) return false;
  let rest = 0;
  for (const char of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** A short word behind the number may look like its last group. */
function findIban(found: string): string | undefined {
  const ends = [...found.matchAll(/ |$/g)].map(({ index }) => index).reverse();
  return ends.map((end) => found.slice(0, end)).find(isIban);
}

export const CARDS: readonly Detector[] = [
  {
    kind: "card",
    pattern: /(?<!\w|\d[.-])(?:\d[ -]{0,2}){12,200}\d(?!-?\w)/g,
    privatePart: findCard,
    mask: "[card]",
  },
  {
    kind: "card",
    pattern: /(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?!\w)/g,
    privatePart: findIban,
    mask: "[card]",
  },
];
