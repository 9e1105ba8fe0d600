/** What can be masked, by kind: the words that options, command and redaction agree on. */

export const REDACTION_KINDS = ["secret", "card", "id", "phone", "email", "own"] as const;

/**
 * `secret`: passwords, keys and tokens. `card`: card and account numbers. `id`: numbers of identity cards. `own`: what the
 * owner's own patterns find.
 */
export type RedactionKind = (typeof REDACTION_KINDS)[number];

/** Kinds with commas between, `all` or `none`. Throws an Error that says what is expected. */
export function parseRedactionKinds(text: string): readonly RedactionKind[] {
  if (text === "none" || text === "") return [];
  if (text === "all") return REDACTION_KINDS;
  const names = text.split(",").map((name) => name.trim());
  const kinds = REDACTION_KINDS.filter((kind) => names.includes(kind));
  if (kinds.length !== new Set(names).size)
    throw new Error(`all, none, or some of ${REDACTION_KINDS.join(", ")} are expected`);
  return kinds;
}
