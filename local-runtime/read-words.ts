/** What somebody says by a command: its arguments, or standard input where there are none. */
import { usageError } from "./host-error.ts";
import { createTerminalInput } from "./terminal-input.ts";

/** `example` is the command with a text. Throws a usage error where nothing is said. */
export async function readWords(words: readonly string[], example: string): Promise<string> {
  const nothing = () => usageError("There is nothing to say.", `Give the text: ${example}`);
  const input = createTerminalInput();
  if (words.length === 0 && input.isTerminal) throw nothing();
  const text = words.length > 0 ? words.join(" ") : (await input.readAll()).trim();
  if (text === "") throw nothing();
  return text;
}
