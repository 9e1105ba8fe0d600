/** The documents that are made from tables in the code: file name → text. Pure; scripts/docs.ts writes and compares. */
import { EXIT, type ExitStatus } from "../local-runtime/host-error.ts";
import type { Option } from "../src/config/option.ts";
import { OPTIONS } from "../src/config/options.ts";
import { ERRORS, type ErrorSpec } from "../src/core/errors.ts";
import { MADE, table } from "./markdown-table.ts";
import { renderPackages } from "./package-list.ts";
import { renderPermissions } from "./permissions-doc.ts";

/** What an exit status means to whoever wrote the script that reads it. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "All is well.",
  failure: "It did not work; the message says why.",
  usage: "A wrong argument.",
  unavailable: "Something needed is not there: the server, the port, the network.",
  software: "A fault of Rockpool or of workerd.",
  cannotCreate: "The data folder or a file cannot be written.",
  io: "Reading or writing failed.",
  temporary: "Busy just now: try again.",
  permission: "This user may not do that.",
  config: "A wrong option, or a wrong or missing master key.",
};

const AUDIENCES: Readonly<Record<ErrorSpec["audience"], string>> = {
  caller: "who made the call",
  operator: "who runs the box",
  person: "who wrote the message",
};

/** The table with its values' types left aside: only their text matters here. */
function options(): [name: string, option: Option<unknown>][] {
  return Object.entries<Option<unknown>>(OPTIONS);
}

function defaultOf(option: Option<unknown>): string {
  return option.defaultDoc ?? `\`${String(option.default)}\``;
}

function renderConfiguration(): string {
  const rows = options().map(([name, option]) => [`\`${name}\``, defaultOf(option), option.doc]);
  return `${MADE}

# Configuration

Options come from the environment, or from a file \`.env\` in the project's folder (one \`NAME=value\` a line; \`.env.example\` lists them
all). The environment goes first. They are read when a command starts: restart the server after a change (\`npx rockpool down\`, then
\`npm start\`). A wrong value stops the start; every wrong one is named at once, and no value is ever printed.
A name that begins with \`ROCKPOOL_\` and is not of this list changes nothing: \`npm start\` and \`npx rockpool doctor\` say which.

${table(["Option", "Default", "What it does"], rows)}

Accounts of messengers, their tokens and who may write to them are no options: they are kept, sealed, in the data folder, and
\`npx rockpool channel\` changes them while the server runs.
`;
}

function renderErrors(): string {
  const codes = Object.entries<ErrorSpec>(ERRORS).map(([code, spec]) => [
    `\`${code}\``,
    String(spec.status),
    spec.title,
    spec.fix,
    spec.transient ? "yes" : "no",
    AUDIENCES[spec.audience],
  ]);
  const statuses = Object.entries<ExitStatus>(EXIT).map(([name, status]) => [
    String(status),
    EXIT_MEANINGS[name as keyof typeof EXIT], // Object.entries widens the table's keys to string
  ]);
  return `${MADE}

# Errors

Every failure has a code. Over HTTP it comes as \`application/problem+json\` (RFC 9457) with the code, what is wrong and what to do; in the
log it stands as \`code=…\`. "Again" says whether the same call may succeed later, unchanged.

${table(["Code", "HTTP", "What is wrong", "What to do", "Again", "Who can act"], codes)}

## Exit statuses of the \`rockpool\` command

The command prints what is wrong and what to do on standard error; with \`--json\` it prints
\`{"error":{"code":…,"message":…,"fix":…}}\` on standard output. Failures of the host itself (the data folder, the key, the lock) have codes of
their own there, such as \`data/in_use\` or \`key/missing\`.

${table(["Status", "Meaning"], statuses)}
`;
}

/** Longest line of a comment in `.env.example`. */
const COMMENT_UNITS = 100;

function comment(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length >= COMMENT_UNITS) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line) => `# ${line}`).join("\n");
}

function renderEnvExample(): string {
  const parts = options().map(
    ([name, option]) => `${comment(option.doc)}\n#${name}=${String(option.default)}\n`,
  );
  return `# Made by \`npm run docs\`. Copy it to .env, and take the # away before what you change.\n\n${parts.join("\n")}`;
}

/** By path from the project's folder. */
export const GENERATED_DOCS: Readonly<Record<string, () => string>> = {
  ".env.example": renderEnvExample,
  "docs/configuration.md": renderConfiguration,
  "docs/errors.md": renderErrors,
  "docs/packages.md": () => `${MADE}\n\n${renderPackages()}`,
  "docs/permissions.md": renderPermissions,
};
