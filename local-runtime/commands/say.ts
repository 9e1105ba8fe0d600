/** `rockpool say`: talk to the assistant in the terminal; the answer appears as it is written. */
import type { Command } from "commander";
import type { StreamEvent } from "../../src/core/stream.ts";
import { findServer, streamAdmin } from "../admin/admin-client.ts";
import { StreamEventSchema } from "../admin/admin-client-replies.ts";
import { createAnswerText } from "../answer-text.ts";
import { readWords } from "../read-words.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";
import { createWaitingLine } from "../waiting-line.ts";

/** What the shell calls a command that Ctrl-C ended. */
const INTERRUPTED_STATUS = 130;
/** How long a stopped turn may take to end. */
const STOP_WAIT_MS = 5_000;
/** Without any sign of an answer for so long, people are told why. */
const QUIET_MS = 2_000;
const QUIET_NOTE =
  "(An earlier message of this conversation is answered first. How the model fares: npx rockpool status)\n";

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Say something to the assistant, as the owner, and show its answer as it comes. Ctrl-C stops the answer.",
    )
    .argument("[text...]", "what to say; standard input when not given")
    .action((words: string[]) => runSay(shell, words));
}

async function runSay(shell: Shell, words: readonly string[]): Promise<void> {
  const text = await readWords(words, "npx rockpool say Hello.");
  const { adminSocket } = findServer(loadSettings(shell).dataDir);
  const reading = new AbortController();
  let stopped = false;
  const interrupt = () => {
    if (stopped) return reading.abort();
    stopped = true;
    AbortSignal.timeout(STOP_WAIT_MS).addEventListener("abort", () => reading.abort());
    stopTurn(adminSocket).catch(() => reading.abort());
  };
  process.on("SIGINT", interrupt);
  // Beside the answer, which may be piped elsewhere.
  const quiet = setTimeout(() => process.stderr.write(QUIET_NOTE), QUIET_MS);
  try {
    const write = createWriter(shell);
    for await (const event of say(adminSocket, text, reading.signal)) {
      if (isSign(event)) clearTimeout(quiet);
      write(event);
    }
    shell.print("");
  } finally {
    clearTimeout(quiet);
    process.off("SIGINT", interrupt);
  }
  if (stopped) process.exitCode = INTERRUPTED_STATUS;
}

/** Whether it shows that the message's turn has come: before that there is only the message itself. */
function isSign(event: StreamEvent): boolean {
  return event.type === "message" ? event.message.role === "assistant" : event.type !== "ready";
}

function createWriter(shell: Shell): (event: StreamEvent) => void {
  if (shell.json) return (event) => shell.printJson(event);
  const answer = createAnswerText();
  const line = createWaitingLine();
  return (event) => {
    process.stderr.write(line.take(event));
    const text = answer.take(event);
    if (text !== "") process.stdout.write(printable(text));
  };
}

/** The command goes past the queue, so its own stream ends while the stopped turn's ends too. */
async function stopTurn(adminSocket: string): Promise<void> {
  for await (const _ of say(adminSocket, "/stop", AbortSignal.timeout(STOP_WAIT_MS)));
}

function say(adminSocket: string, text: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  return streamAdmin(
    adminSocket,
    { path: "/say", body: { text }, event: StreamEventSchema },
    signal,
  );
}

/** Without what steers a terminal: an answer may repeat what strangers wrote. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "");
}
