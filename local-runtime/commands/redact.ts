/** `rockpool redact`: shows what would be masked in a text, with the owner's own patterns. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import {
  parseRedactionKinds,
  REDACTION_KINDS,
  type RedactionKind,
} from "../../src/core/redaction.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";
import { dataFolderAt } from "../data-folder.ts";
import { loadRedactPatterns } from "../redact-patterns.ts";
import { loadSettings } from "../settings.ts";
import type { Shell } from "../shell.ts";

interface RedactOptions {
  kinds: readonly RedactionKind[];
}

export function defineCommand(command: Command, shell: Shell): void {
  command
    .description(
      "Print a text as it is when everything private in it is masked: for trying patterns of <data>/redact-patterns.txt. Nothing is kept or sent.",
    )
    .argument("[text]", "the text; without it standard input is read")
    .option(
      "--kinds <list>",
      `all, or some of ${REDACTION_KINDS.join(", ")}`,
      parseKinds,
      REDACTION_KINDS,
    )
    .action(async (text: string | undefined, { kinds }: RedactOptions) => {
      const folder = dataFolderAt(loadSettings(shell).dataDir);
      const redactor = createRedactor(kinds, await loadRedactPatterns(folder));
      const given = text ?? readFileSync(0, "utf8").replace(/\n$/, "");
      const masked = redactor.mask(given);
      shell.print(masked);
      shell.printJson({ text: masked, isMasked: masked !== given, kinds });
    });
}

function parseKinds(text: string): readonly RedactionKind[] {
  try {
    return parseRedactionKinds(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : "");
  }
}
