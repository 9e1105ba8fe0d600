/** Names of models as people write them: `model`, `model@server`, an alias, or `auto`. Pure. */

export const AUTO = "auto";
export const ALIASES = ["fast", "smart", "vision"] as const;

export type Alias = (typeof ALIASES)[number];

export function isAlias(name: string): name is Alias {
  return ALIASES.some((alias) => alias === name);
}

/** A model's own name may have an `@` too: only what names a server counts as one. */
export function splitName(
  name: string,
  servers: readonly string[],
): { model: string; server?: string } {
  const at = name.lastIndexOf("@");
  const server = name.slice(at + 1);
  return at > 0 && servers.includes(server)
    ? { model: name.slice(0, at), server }
    : { model: name };
}

/** Names of an option, in order. */
export function listNames(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** A name without a tag means `:latest`, as Ollama has it. */
export function isSameModel(a: string, b: string): boolean {
  const full = (name: string) => (name.includes(":") ? name : `${name}:latest`);
  return a === b || full(a) === full(b);
}
