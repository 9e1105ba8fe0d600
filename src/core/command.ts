/** Chat commands as written: `/name arguments`. Pure. */

export interface Command {
  name: string;
  args: string;
}

const MAX_ARGS_UNITS = 500;
/** Commands that bring a message to somebody else: of any length that one may have. */
const CARRIERS = new Set(["reply", "done"]);

/** The command that a text begins with; undefined for anything else ("/etc/hosts is …" is talk). */
export function parseCommand(text: string): Command | undefined {
  const trimmed = text.trim();
  const written = /^\/([a-z]{1,32})(?=\s|$)/i.exec(trimmed)?.[1];
  if (written === undefined) return undefined;
  const args = trimmed.slice(1 + written.length).trim();
  const name = written.toLowerCase();
  return args.length > MAX_ARGS_UNITS && !CARRIERS.has(name) ? undefined : { name, args };
}
