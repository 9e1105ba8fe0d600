/** Masks what is private in a text, by kinds. Pure: the same text gives the same text, and a masked one stays as it is. */
import type { RedactionKind } from "../core/redaction.ts";
import { CARDS } from "./cards.ts";
import { EMAILS, PHONES } from "./contacts.ts";
import type { Detector } from "./detector.ts";
import { IDENTITY_NUMBERS } from "./identity-numbers.ts";
import type { OwnPattern } from "./own-patterns.ts";
import { SECRETS } from "./secrets.ts";

/** In the order that they look: what one has masked no other sees. An identity number may pass for a card, not the reverse. */
const DETECTORS: readonly Detector[] = [
  ...SECRETS,
  ...EMAILS,
  ...IDENTITY_NUMBERS,
  ...CARDS,
  ...PHONES,
];

export interface Redactor {
  mask(text: string): string;
  /** True where it changes nothing, whatever the text. */
  isIdle: boolean;
}

/** The owner's own patterns count where `kinds` has `own`, and look first. */
export function createRedactor(
  kinds: readonly RedactionKind[],
  own: readonly OwnPattern[],
): Redactor {
  const detectors = DETECTORS.filter(({ kind }) => kinds.includes(kind));
  const patterns = kinds.includes("own") ? own : [];
  return {
    mask: (text) => {
      const masked = patterns.reduce((rest, pattern) => pattern.replaceIn(rest), text);
      if (detectors.length === 0) return masked;
      const plain = plainDigits(masked);
      const found = detectors.reduce(maskOne, plain);
      return found === plain ? masked : found;
    },
    isIdle: detectors.length === 0 && patterns.length === 0,
  };
}

/** Digits as wide as Chinese letters, and the spaces and hyphens of typesetters. */
const UNUSUAL =
  /[\uff10-\uff19\uff0b\uff0d\uff20\u2010-\u2015\u2212\u00a0\u2007\u2009\u202f\u3000]/g;

/** As a keyboard has them. */
function plainDigits(text: string): string {
  return text.replace(UNUSUAL, (char) => {
    if (char >= "\uff0b" && char <= "\uff20")
      return String.fromCharCode(char.charCodeAt(0) - 0xfee0);
    return /\s/.test(char) ? " " : "-";
  });
}

function maskOne(text: string, { pattern, privatePart, mask }: Detector): string {
  if (!privatePart) return text.replace(pattern, mask);
  return text.replace(pattern, (found) => maskParts(found, privatePart, mask));
}

/** What is left behind a masked part may hold another one. */
function maskParts(
  found: string,
  privatePart: NonNullable<Detector["privatePart"]>,
  mask: string,
): string {
  let masked = "";
  let rest = found;
  for (let part = privatePart(rest); part; part = privatePart(rest)) {
    const at = rest.indexOf(part);
    masked += rest.slice(0, at) + mask;
    rest = rest.slice(at + part.length);
  }
  return masked + rest;
}
