/** Text from the environment to typed options: all problems at once, by name and never by value. */
import { matchName } from "../core/match-name.ts";
import { OPTIONS, type OptionName, type Options } from "./options.ts";

export interface OptionProblem {
  name: OptionName;
  /** What is expected instead. */
  message: string;
}

export type Loaded = { ok: true; options: Options } | { ok: false; problems: OptionProblem[] };

/** `defaults` stand before those of the table. */
export function loadOptions(
  source: Record<string, string | undefined>,
  defaults: Partial<Options> = {},
): Loaded {
  const problems: OptionProblem[] = [];
  const entries = Object.entries(OPTIONS).map(([key, option]) => {
    const name = key as OptionName; // Object.entries widens the table's keys to string
    const text = source[name];
    if (text === undefined) return [name, defaults[name] ?? option.default];
    try {
      return [name, option.parse(text)];
    } catch (error) {
      problems.push({
        name,
        message: error instanceof Error ? error.message : "it cannot be read",
      });
      return [name, option.default];
    }
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, options: Object.fromEntries(entries) as Options };
}

/** A name that looks like an option and is none: what it was meant to say is not done. */
export interface UnknownOption {
  name: string;
  /** The option that is probably meant. */
  meant: OptionName | undefined;
}

const PREFIX = "ROCKPOOL_";
/** `bin/rockpool` tells `bin/with-node` by it which packages it needs. */
const NO_OPTION = "ROCKPOOL_INSTALL";

export function findUnknownOptions(source: Record<string, string | undefined>): UnknownOption[] {
  const known = Object.keys(OPTIONS) as OptionName[]; // Object.keys widens the table's keys
  return Object.keys(source)
    .filter((name) => name.startsWith(PREFIX) && name !== NO_OPTION && !isOption(name))
    .map((name) => ({ name, meant: matchName(name, known) as OptionName | undefined })); // one of `known`
}

function isOption(name: string): boolean {
  return Object.hasOwn(OPTIONS, name);
}
