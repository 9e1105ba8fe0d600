/** Chat commands as written: `/name arguments`. Pure. */

export interface Command {
  name: string;
  args: string;
}

/** The command that a text begins with; undefined for anything else ("/etc/hosts is …" is talk). */
export function parseCommand(text: string): Command | undefined {
  const match = /^\/([a-z]{1,32})(?:\s+([\s\S]{0,500}))?$/i.exec(text.trim());
  if (!match?.[1]) return undefined;
  return { name: match[1].toLowerCase(), args: (match[2] ?? "").trim() };
}
