/** The recovery key as a person gives it: from a file, from standard input, or typed without echo. Never as an argument. */
import { readFileSync } from "node:fs";
import { EXIT, HostError, systemCode } from "../host-error.ts";
import { argumentPath, type Shell } from "../shell.ts";
import { createTerminalInput, type TerminalInput } from "../terminal-input.ts";
import { parseRecoveryKey, type RecoveryKey } from "./recovery-key.ts";

/** `given` is a path, or `-`. Throws recovery/no_key and recovery/unreadable. */
export async function askRecoveryKey(
  shell: Shell,
  given: string | undefined,
  input: TerminalInput = createTerminalInput(),
): Promise<RecoveryKey> {
  if (given === "-") return await parseRecoveryKey(await input.readAll());
  if (given !== undefined) return await parseRecoveryKey(readKeyFile(argumentPath(shell, given)));
  if (input.isTerminal) return await parseRecoveryKey(await input.askSecret("Recovery key"));
  throw new HostError({
    code: "recovery/no_key",
    message: "The recovery key is needed.",
    fix: "Name a file that holds it with --recovery-key <file>, or give it on standard input with --recovery-key -.",
    exitStatus: EXIT.usage,
  });
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new HostError({
      code: "recovery/unreadable",
      message: `The file ${path} cannot be read (${systemCode(error) ?? "unknown reason"}).`,
      fix: "Check the path.",
      exitStatus: EXIT.usage,
      cause: error,
    });
  }
}
