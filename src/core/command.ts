/** Chat commands as written: `/name arguments`. Pure. */

export interface Command {
  name: string;
  args: string;
}

const MAX_ARGS_UNITS = 500;

/** The command that a text begins with; undefined for anything else ("/etc/hosts is …" is talk). */
export function parseCommand(text: string): Command | undefined {
  const trimmed = text.trim();
  const name = /^\/([a-z]{1,32})(?=\s|$)/i.exec(trimmed)?.[1];
  if (name === undefined) return undefined;
  const args = trimmed.slice(1 + name.length).trim();
  return args.length > MAX_ARGS_UNITS ? undefined : { name: name.toLowerCase(), args };
}
