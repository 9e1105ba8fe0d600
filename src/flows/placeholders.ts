/** Places in a text that answers fill in: `{name}`. Pure. */

const PLACE = /\{([a-z][a-z0-9_]{0,31})\}/g;

export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(PLACE)].map(([, name = ""]) => name);
}

export function fillPlaces(text: string, answerTo: (name: string) => string): string {
  return text.replace(PLACE, (_whole, name: string) => answerTo(name));
}
