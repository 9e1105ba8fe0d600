/** Every parser of outside bytes, fed with genuine inputs that have faults: it reads them or refuses them in its own words. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { AUDIT } from "./audit.ts";
import { BACKUPS } from "./backups.ts";
import { CHANNELS } from "./channels.ts";
import { FILES } from "./files.ts";
import type { FuzzedParser } from "./fuzzed-parser.ts";
import { HOST } from "./host.ts";
import { MODELS } from "./models.ts";
import { PAGE } from "./page.ts";
import { PEOPLE } from "./people.ts";
import { SERVER_ANSWERS } from "./server-answers.ts";
import { SIGN_IN } from "./sign-in.ts";
import { WORDS } from "./words.ts";

const PARSERS: readonly FuzzedParser[] = [
  ...CHANNELS,
  ...MODELS,
  ...PEOPLE,
  ...HOST,
  ...AUDIT,
  ...BACKUPS,
  ...FILES,
  ...PAGE,
  ...SERVER_ANSWERS,
  ...SIGN_IN,
  ...WORDS,
];
/** Of one test: what is slow enough to miss it hangs. */
const TIMEOUT_MS = 300_000;
const MIN_CASES = 400_000;

/** True where it read the input; false where it refused it. */
async function takes({ parse, isRefusal }: FuzzedParser, input: unknown): Promise<boolean> {
  try {
    await parse(input as never); // each parser's own input
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

describe("a parser of outside bytes", () => {
  it.for(PARSERS)("reads or refuses $name", { timeout: TIMEOUT_MS }, async (parser, { expect }) => {
    let read = 0;
    const property = fc.asyncProperty(parser.input, async (input) => {
      if (await takes(parser, input)) read += 1;
    });
    await fc.assert(property, { numRuns: parser.runs });
    // A sample that nothing takes would test the first line of the parser only.
    expect(read).toBeGreaterThan(parser.runs / 50);
  });

  it(`is fed ${MIN_CASES} cases and more, all together`, ({ expect }) => {
    const names = PARSERS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(PARSERS.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThan(MIN_CASES);
  });
});
