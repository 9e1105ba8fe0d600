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
    mask: (text) =>
      detectors.reduce(
        maskOne,
        patterns.reduce((masked, pattern) => pattern.replaceIn(masked), text),
      ),
    isIdle: detectors.length === 0 && patterns.length === 0,
  };
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
