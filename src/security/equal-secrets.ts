/** Compares a secret that a caller sent with the one that is kept. */

/** The time taken depends on what was sent alone: it says nothing about the other, its length included. */
export function equalSecrets(given: string, kept: string): boolean {
  if (kept === "") return false;
  let difference = given.length ^ kept.length;
  for (let at = 0; at < given.length; at += 1)
    difference |= given.charCodeAt(at) ^ kept.charCodeAt(at % kept.length);
  return difference === 0;
}
