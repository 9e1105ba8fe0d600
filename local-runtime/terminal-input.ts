/** What a command reads from the person who runs it: standard input as a whole, or one secret without echo. */
import { EXIT, HostError } from "./host-error.ts";

/** Far more than any secret or message takes. */
export const MAX_INPUT_BYTES = 1024 * 1024;

const ENTER = /[\r\n]/;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const BACKSPACE = /[\u007f\b]/;

export interface TerminalInput {
  /** True where a person can be asked. */
  readonly isTerminal: boolean;
  /** All of standard input, as text. Throws input/too_large. */
  readAll(): Promise<string>;
  /** What is typed until Enter, shown nowhere. Throws input/cancelled at Ctrl-C and Ctrl-D. */
  askSecret(question: string): Promise<string>;
}

export function createTerminalInput(): TerminalInput {
  return {
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    readAll,
    askSecret,
  };
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_INPUT_BYTES)
      throw new HostError({
        code: "input/too_large",
        message: `Standard input holds more than ${MAX_INPUT_BYTES / 1024} KB.`,
        fix: "Give less at once.",
        exitStatus: EXIT.usage,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stdin.setRawMode(true);
  stderr.write(`${question}: `);
  stdin.setEncoding("utf8");
  let typed = "";
  try {
    for await (const text of stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      for (const key of text) {
        if (ENTER.test(key)) return typed;
        if (key === CTRL_C || key === CTRL_D) throw cancelled();
        typed = BACKSPACE.test(key) ? typed.slice(0, -1) : typed + key;
      }
    }
    throw cancelled();
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

function cancelled(): HostError {
  return new HostError({
    code: "input/cancelled",
    message: "Nothing was entered.",
    fix: "Nothing was changed. Run the command again when you have the value.",
  });
}
