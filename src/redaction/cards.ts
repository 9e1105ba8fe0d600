/** Numbers of payment cards (Luhn, ISO/IEC 7812) and of bank accounts (IBAN, ISO 13616). */
import { type Detector, digitsOf } from "./detector.ts";

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
  return ISSUED.test(digits) && isLuhn(digits);
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

export const CARDS: readonly Detector[] = [
  {
    kind: "card",
    pattern: /(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])/g,
    isGenuine: isCard,
    mask: "[card]",
  },
  {
    kind: "card",
    pattern: /(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?!\w)/g,
    isGenuine: isIban,
    mask: "[card]",
  },
];
