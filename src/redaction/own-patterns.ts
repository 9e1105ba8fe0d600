/**
 * The owner's own patterns: lines of `name = pattern`. Read by RE2's rules, which have neither look-around nor back-references
 * and take linear time, so that no pattern can be made to hang the server by a message.
 */
import { RE2JS } from "re2js";

export const MAX_OWN_PATTERNS = 32;
export const MAX_PATTERN_UNITS = 200;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} _-]{0,30}$/u;

export interface OwnPattern {
  name: string;
  replaceIn(text: string): string;
}

/** Empty lines and lines that begin with # count for nothing. Throws an Error that names the lines, never what they hold. */
export function parseOwnPatterns(text: string): OwnPattern[] {
  const problems: string[] = [];
  const patterns = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "" || line.trimStart().startsWith("#")) return [];
    try {
      return [parseLine(line)];
    } catch (error) {
      problems.push(`line ${index + 1}: ${error instanceof Error ? error.message : "?"}`);
      return [];
    }
  });
  if (patterns.length > MAX_OWN_PATTERNS)
    problems.push(`no more than ${MAX_OWN_PATTERNS} patterns are expected`);
  if (problems.length > 0) throw new Error(problems.join(", "));
  return patterns;
}

function parseLine(line: string): OwnPattern {
  const cut = line.indexOf("=");
  const name = line.slice(0, Math.max(cut, 0)).trim();
  const source = line.slice(cut + 1).trim();
  if (!NAME.test(name)) throw new Error("name = pattern is expected");
  if (source === "" || source.length > MAX_PATTERN_UNITS)
    throw new Error(`a pattern of 1 to ${MAX_PATTERN_UNITS} characters is expected`);
  const compiled = compile(source);
  const mask = RE2JS.quoteReplacement(`[${name}]`);
  return { name, replaceIn: (text) => compiled.matcher(text).replaceAll(mask) };
}

function compile(source: string): RE2JS {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch {
    // RE2's words quote the pattern.
    throw new Error("a pattern by the rules of RE2 is expected");
  }
  if (compiled.matcher("").find()) throw new Error("a pattern that finds something is expected");
  return compiled;
}
